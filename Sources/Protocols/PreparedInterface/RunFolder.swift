// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import CNIProtocol
public import LinuxSystem

/// The layout of `run-dir`: what plugins, runtimes and port-sync share until the node restarts.
public struct RunFolder: Hashable, Sendable {
    /// Where it is unless the configuration says otherwise.
    public static let standard = RunFolder("/run/contrail-vm")

    /// The folder's absolute path.
    public let path: String

    /// The folder at a path; it is made when something is written.
    public init(_ path: String) { self.path = path }

    /// `interfaces/`: the records and plans.
    public var interfaces: InterfaceStore { InterfaceStore(folder: "\(path)/interfaces") }

    /// `port-sync.lock`: held by the folder's one port-sync.
    public var portSyncLock: String { "\(path)/port-sync.lock" }

    /// `sandboxes/<container id>.json`: what a VM runtime asks for, where a meta plugin could drop it.
    public func sandbox(_ container: ContainerID) -> String { "\(path)/sandboxes/\(container.text).json" }

    /// Takes `locks/<name>`, one lock a VM's name, waiting for other holders until the deadline.
    ///
    /// `deadline`: monotonic time in microseconds; one in the past means: do not wait.
    ///
    /// `isUndo`: whether to go on where there is no room for the lock's file.
    ///
    /// - Throws: ETIMEDOUT where the deadline passed.
    public func lock(
        _ name: String,
        deadline: Int64,
        isUndo: Bool = false
    ) throws(SystemError) -> FileLock {
        let path = "\(path)/locks/\(name)"
        return isUndo ? try .forUndo(path, deadline: deadline) : try FileLock(path, deadline: deadline)
    }
}
