// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CRIMessages
import OperatorClient

/// The command that shuts a guest down.
struct Stop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shut a machine's guest down.",
        discussion: """
            vm-runtime alternates ACPI requests, like presses of a power button, and guest-agent requests. If the \
            guest has not shut down in time, QEMU is ended. The machine's disk and log stay until vmctl rm. \
            kubelet starts a stopped pod of its own again, as the pod's restartPolicy says.
            """
    )

    @Argument(help: "The machine's name.")
    var name: String

    @Option(name: .shortAndLong, help: "Seconds to wait for the guest; 0 ends QEMU at once.")
    var timeout = 30

    @OptionGroup var runtime: RuntimeOptions

    mutating func validate() throws {
        guard timeout >= 0 else { throw ValidationError("--timeout must not be negative.") }
    }

    func run() async throws {
        let note = try await runtime.connected { [name, timeout] vms in
            let machine = try await vms.present(name)
            guard machine.state == .running else { return "\(name) does not run." }
            var request = CRIStopContainerRequest()
            request.containerID = machine.containerID
            request.timeout = Int64(timeout)
            let _: CRIStopContainerResponse = try await vms.call("StopContainer", of: .runtime, request)
            let asked = CRIContainerStatusRequest.with(\.containerID, machine.containerID)
            let ended: CRIContainerStatusResponse = try await vms.call("ContainerStatus", of: .runtime, asked)
            return ended.status.reason == "Completed"
                ? "\(name) shut down." : "\(name) did not shut down within \(timeout) s and was ended."
        }
        Terminal.note(note)
    }
}
