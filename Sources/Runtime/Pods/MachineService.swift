// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// What an operator asks of machines and the Container Runtime Interface has no words for.
public protocol MachineService: Sendable {
    /// Makes a machine, a pod of one VM, and starts it; where that fails, nothing of it is left.
    ///
    /// A name that another machine has is `alreadyExists`.
    func runMachine(_ request: MachineRequest) async throws(PodServiceError) -> RunningMachine

    /// Removes a machine and all that was made for it; also one whose run goes on or was cut short.
    /// - Returns: Whether there was one.
    func removeMachine(_ name: String) async throws(PodServiceError) -> Bool

    /// Waits until a guest is up: `deadlineExceeded` where it is not in time, `failedPrecondition` where it has ended.
    func awaitGuest(
        ofContainer id: String,
        _ sign: GuestSign,
        seconds: Double
    ) async throws(PodServiceError)

    /// Opens a guest's serial console; `failedPrecondition` where it is open elsewhere or the guest does not run.
    func openConsole(ofContainer id: String) async throws(PodServiceError) -> any GuestConsole
}

/// By what a guest is known to be up.
public enum GuestSign: Hashable, Sendable {
    /// Its agent answers.
    case agent
    /// It has written this text on its console.
    case consoleText(String)
}

/// A guest's serial console while it is open.
public protocol GuestConsole: Sendable {
    /// What the guest writes; ends with the guest.
    var output: AsyncStream<[UInt8]> { get }
    /// Types for the guest.
    func write(_ bytes: [UInt8]) async throws(PodServiceError)
    /// Lets the console go; `output` ends.
    func close()
}

/// What was made of a machine.
public struct RunningMachine: Hashable, Sendable {
    /// Its sandbox's id.
    public var sandboxID: String
    /// Its container's id.
    public var containerID: String

    /// A machine that runs.
    public init(sandboxID: String, containerID: String) {
        self.sandboxID = sandboxID
        self.containerID = containerID
    }
}
