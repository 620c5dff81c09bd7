// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Foundation
import LinuxSystem

/// Looks at what of this node must be so that libvirt's QEMUs can do their work under users of their own.
///
/// `make install` sets it up; whoever changed it is told before a VM fails to start.
package struct NodeExamination: Sendable {
    /// Where libvirt keeps what belongs to its QEMUs.
    package var libvirtFolder = "/var/lib/libvirt/qemu"
    /// Where AppArmor's profiles are.
    package var profilesFolder = "/etc/apparmor.d"
    /// Where the kernel tells whether AppArmor is on.
    package var appArmorSwitch = "/sys/module/apparmor/parameters/enabled"
    /// The kernel's processes.
    package var processes = "/proc"
    /// What sets all of it up.
    package static let preparation = "\(Installation.folder)/prepare-node"

    package init() {}

    /// All that keeps VMs from being started.
    package var problems: [NodeProblem] { [libvirtFolders, appArmor].compactMap { $0 } }

    /// QEMU opens its secret and its agent's socket by path, under a user who is not libvirt's.
    package var libvirtFolders: NodeProblem? {
        for folder in [libvirtFolder, "\(libvirtFolder)/channel", "\(libvirtFolder)/channel/target"] {
            var status = stat()
            guard stat(folder, &status) == 0, status.st_mode & 0o001 == 0 else { continue }
            return NodeProblem(
                reason: "LibvirtFolderClosed",
                subject: folder,
                text:
                    "QEMU runs under a user of its own, who can't pass it (mode \(String(status.st_mode & 0o7777, radix: 8)))",
                advice: "Run \(Self.preparation), or: chmod o+x \(folder)"
            )
        }
        return nil
    }

    /// Where AppArmor is on, libvirt's profiles must allow what our VMs do.
    package var appArmor: NodeProblem? {
        guard (try? Files.read(appArmorSwitch, limit: 16))?.first == UInt8(ascii: "Y") else { return nil }
        for (profile, rules) in [
            ("abstractions/libvirt-qemu", "abstractions/contrail-vm"),
            ("usr.sbin.libvirtd", "abstractions/contrail-vm-libvirtd"),
        ] where access("\(profilesFolder)/\(profile)", F_OK) == 0 {
            let file = "\(profilesFolder)/local/\(profile)"
            guard !includes(file, rules) || access("\(profilesFolder)/\(rules)", R_OK) != 0 else { continue }
            return NodeProblem(
                reason: "AppArmorRulesMissing",
                subject: file,
                text:
                    "AppArmor keeps VMs from taps in pods' namespaces: <\(rules)> is not included, or not there",
                advice: "Run \(Self.preparation)"
            )
        }
        return nil
    }

    private func includes(_ file: String, _ rules: String) -> Bool {
        String(decoding: (try? Files.read(file)) ?? [], as: UTF8.self).split(separator: "\n").contains {
            line in
            // AppArmor takes #include for include.
            let words = line.split(separator: " ")
            return words.last == "<\(rules)>" && ["include", "#include"].contains(words.first)
        }
    }

    /// What a service makes in a mount namespace of its own ends with it.
    ///
    /// `process`: the service's, or `self`.
    package func mounts(of process: String) -> NodeProblem? {
        guard let own = link("\(processes)/\(process)/ns/mnt"), let nodes = link("\(processes)/1/ns/mnt"),
            own != nodes
        else { return nil }
        return NodeProblem(
            reason: "MountNamespace",
            subject: "vm-runtime",
            text:
                "its unit gives it a mount namespace of its own: pods' network namespaces end when it is restarted",
            advice:
                "Remove what does (Private..., Protect..., ReadOnlyPaths=, MountFlags=) from its drop-ins: "
                + "systemctl cat vm-runtime"
        )
    }

    /// How many descriptors a process may have at least, so that it serves a full node.
    package static let fewestDescriptors = 8192

    /// Whether a process may have enough of them.
    package func descriptors(of process: String) -> NodeProblem? {
        let text = String(
            decoding: (try? Files.read("\(processes)/\(process)/limits", limit: 1 << 16)) ?? [],
            as: UTF8.self
        )
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("Max open files") }),
            let soft = line.dropFirst("Max open files".count).split(separator: " ").first.flatMap({ Int($0) }
            ),
            soft < Self.fewestDescriptors
        else { return nil }
        return NodeProblem(
            reason: "FewDescriptors",
            subject: "vm-runtime",
            text: "it may have \(soft) descriptors open; a VM takes two",
            advice: "Set LimitNOFILE=65536 in its unit"
        )
    }

    /// The processes that run a program, by its name.
    package func processes(named name: String) -> [String] {
        ((try? Files.list(processes)) ?? []).filter { process in
            process.allSatisfy(\.isNumber)
                && (try? Files.read("\(processes)/\(process)/comm", limit: 64)) == Array("\(name)\n".utf8)
        }
    }

    private func link(_ path: String) -> String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: path)
    }
}
