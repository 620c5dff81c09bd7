// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import ArgumentParser

/// The operator's hand: virtual machines on this host without Kubernetes.
public struct VMCtl: AsyncParsableCommand {
    /// The command's name, its help and its subcommands.
    public static let configuration = CommandConfiguration(
        commandName: "vmctl",
        abstract: "Run virtual machines on prepared networks, without Kubernetes.",
        discussion: """
            A machine gets a disk over an image, a seed medium for cloud-init, and the network interfaces \
            that CNI plugins prepare for it. It runs on libvirt and QEMU.

            Folders and programs can be set by environment variables: CONTRAIL_VM_STATE_DIR, \
            CONTRAIL_VM_RUN_DIR, CONTRAIL_VM_NETNS_DIR, CONTRAIL_VM_USERS (first-last), \
            CONTRAIL_VM_LIBVIRT_URI, CONTRAIL_VM_WRAPPER, CONTRAIL_VM_QEMU, CONTRAIL_VM_QEMU_IMG, \
            CONTRAIL_VM_XORRISOFS, CONTRAIL_VM_CNI_BIN (folders, joined by colons), CONTRAIL_VM_IMAGE_DIR, \
            CONTRAIL_VM_IMAGE_TRANSLATIONS, CONTRAIL_VM_IMAGE_REGEXPS (true, false), \
            CONTRAIL_VM_IMAGE_RESERVE_MIB, CONTRAIL_VM_DOWNLOAD_PROTOCOL (https, http).
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
