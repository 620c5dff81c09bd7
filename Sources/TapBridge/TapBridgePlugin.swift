// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import CNIProtocol
import LinuxSystem
import NetworkTypes
import PluginFloor
import PreparedInterface

/// The chained CNI plugin that joins a container's veth, whoever made it, to a tap for a VM.
///
/// Containers without a `vmInterface` request pass through untouched.
public final class TapBridgePlugin: CNIPlugin {
    /// The plugin's name.
    public let name = "tap-bridge"

    /// The longest wait for another run on the same container, in microseconds.
    static let lockLimit: Int64 = 60_000_000

    /// The plugin.
    public init() {}

    /// There is nothing that this plugin depends on.
    public func status(_ configuration: CNIConfiguration) throws(CNIError) {
        _ = try TapBridgeConfiguration(configuration)
    }

    /// The tap's name in the pod: a pure function of container and interface, so that DEL finds it.
    static func deviceName(_ key: InterfaceKey) throws(CNIError) -> InterfaceName {
        guard
            let name = InterfaceName(
                prefix: "tap",
                hashing: [key.containerID.text, key.interface.text, "redirect"]
            )
        else { throw CNIError(.internal, "cannot derive a device name for \(key.interface.text)") }
        return name
    }

    /// Runs a body while no other run works on the same pod: the lock of the VM's name where the record
    /// tells one, else the container's.
    ///
    /// `isUndo`: whether it must go on where there is no room for the lock's file.
    func locked<Value>(
        _ key: InterfaceKey,
        _ configuration: TapBridgeConfiguration,
        isUndo: Bool = false,
        _ body: () throws(CNIError) -> Value
    ) throws(CNIError) -> Value {
        let name =
            try configuration.store.readable(key, .record)?.port?.vmName
            ?? "container.\(key.containerID.text)"
        let deadline = monotonicMicroseconds() + Self.lockLimit
        let lock = try configuration.runFolder.locked(name, deadline: deadline, isUndo: isUndo)
        defer { lock.unlock() }
        return try body()
    }
}
