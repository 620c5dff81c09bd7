// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CRIMessages
import OperatorClient

/// The command that removes machines.
struct Remove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm",
        abstract: "Remove a machine: its disk, its log and its network.",
        discussion: """
            A guest that runs is ended at once. Removing a machine that does not exist succeeds. What a run \
            that was cut short left behind is removed, too. Delete kubelet's pods in the cluster.
            """
    )

    @Argument(help: "The names of the machines.")
    var names: [String]

    @OptionGroup var runtime: RuntimeOptions

    func run() async throws {
        try await runtime.connected { [names] vms in
            for name in names {
                let removed: OperatorRemoveMachineResponse = try await vms.call(
                    "RemoveMachine",
                    of: .machines,
                    OperatorRemoveMachineRequest.with(\.name, name)
                )
                guard !removed.found else { continue }
                guard try await vms.machine(named: name) == nil else {
                    throw CommandError("\(name) is kubelet's: delete it in the cluster (kubectl delete pod).")
                }
                Terminal.note("There is no machine \(name).")
            }
        }
    }
}
