// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import ArgumentParser

/// The operator's hand: a client of vm-runtime, with or without Kubernetes.
public struct VMCtl: AsyncParsableCommand {
    /// The command's name, its help and its subcommands.
    public static let configuration = CommandConfiguration(
        commandName: "vmctl",
        abstract: "Run virtual machines on prepared networks, with or without Kubernetes.",
        discussion: """
            A machine gets a disk over an image, a seed medium for cloud-init, and the network interfaces \
            that CNI plugins prepare for it. vm-runtime makes it and runs it on libvirt and QEMU; vmctl asks \
            vm-runtime on its socket for operators. kubelet never sees such a machine.

            vmctl reads vm-runtime's configuration, and the same environment variables: CONTRAIL_VM_KEY for each key, \
            like CONTRAIL_VM_OPERATOR_SOCKET or CONTRAIL_VM_IMAGE_DIR.
            """,
        subcommands: [
            Run.self, List.self, Console.self, Stop.self, Remove.self, Pull.self, ImageCommands.self,
            Doctor.self,
        ]
    )

    /// A command without arguments.
    public init() {}
}

/// Reads the command line, carries it out and ends the process where that fails.
public func runVMCtl() async { await VMCtl.main() }
