// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import Machines

@Suite struct NodeExaminationTests {
    private let folder = TemporaryFolder()

    private var examination: NodeExamination {
        var examination = NodeExamination()
        examination.libvirtFolder = folder.path("qemu")
        examination.profilesFolder = folder.path("apparmor.d")
        examination.appArmorSwitch = folder.path("enabled")
        examination.processes = folder.path("proc")
        return examination
    }

    @Test func `a node without libvirt or AppArmor has neither's problems`() {
        #expect(examination.problems.isEmpty)
    }

    @Test(arguments: ["qemu", "qemu/channel", "qemu/channel/target"])
    func `a folder of libvirt's that QEMU's users can't pass is named, with the command that opens it`(
        closed: String
    ) throws {
        folder.write("", to: "qemu/channel/target/file")
        for name in ["qemu", "qemu/channel", "qemu/channel/target"] { chmod(folder.path(name), 0o751) }
        #expect(examination.problems.isEmpty)
        chmod(folder.path(closed), 0o750)
        let problem = try #require(examination.problems.first)
        #expect(problem.reason == "LibvirtFolderClosed" && problem.subject == folder.path(closed))
        #expect(problem.text.contains("mode 750"))
        #expect(problem.advice.hasSuffix("chmod o+x \(folder.path(closed))"))
    }

    @Test func `where AppArmor is on, libvirt's rules must include ours`() throws {
        folder.write("N\n", to: "enabled")
        folder.write("", to: "apparmor.d/abstractions/libvirt-qemu")
        folder.write("", to: "apparmor.d/abstractions/contrail-vm")
        #expect(examination.problems.isEmpty)
        folder.write("Y\n", to: "enabled")
        let without = [
            "", "# include <abstractions/contrail-vm>\n", "include <abstractions/contrail-vm-2>\n",
        ]
        for text in without {
            folder.write(text, to: "apparmor.d/local/abstractions/libvirt-qemu")
            #expect(examination.problems.map(\.reason) == ["AppArmorRulesMissing"], "\(text)")
        }
        for text in [
            "include if exists <abstractions/contrail-vm>\n", "  /x r,\n#include <abstractions/contrail-vm>",
        ] {
            folder.write(text, to: "apparmor.d/local/abstractions/libvirt-qemu")
            #expect(examination.problems.isEmpty, "\(text)")
        }
        folder.write("", to: "apparmor.d/usr.sbin.libvirtd")
        folder.write("", to: "apparmor.d/abstractions/contrail-vm-libvirtd")
        #expect(examination.problems.map(\.subject) == [folder.path("apparmor.d/local/usr.sbin.libvirtd")])
        folder.write(
            "include if exists <abstractions/contrail-vm-libvirtd>",
            to: "apparmor.d/local/usr.sbin.libvirtd"
        )
        #expect(examination.problems.isEmpty)
        unlink(folder.path("apparmor.d/abstractions/contrail-vm"))
        #expect(examination.problems.map(\.reason) == ["AppArmorRulesMissing"])
    }

    @Test func `a service with a mount namespace of its own is told`() throws {
        for (process, namespace) in [("1", "mnt:[1]"), ("7", "mnt:[1]"), ("8", "mnt:[2]")] {
            folder.write("", to: "proc/\(process)/ns/file")
            symlink(namespace, folder.path("proc/\(process)/ns/mnt"))
        }
        #expect(examination.mounts(of: "7") == nil)
        #expect(examination.mounts(of: "8")?.reason == "MountNamespace")
        // What can't be read is not judged.
        #expect(examination.mounts(of: "9") == nil)
    }

    @Test func `a service that may have few descriptors is told`() {
        func limits(_ soft: String) -> String {
            "Limit                     Soft Limit           Hard Limit           Units     \n"
                + "Max open files            \(soft)                 524288               files     \n"
        }
        folder.write(limits("1024"), to: "proc/7/limits")
        folder.write("vm-runtime\n", to: "proc/7/comm")
        folder.write("vmctl\n", to: "proc/8/comm")
        folder.write("vm-runtime\n", to: "proc/self/comm")
        #expect(examination.processes(named: "vm-runtime") == ["7"])
        #expect(examination.descriptors(of: "7")?.text.contains("1024") == true)
        folder.write(limits("65536"), to: "proc/7/limits")
        #expect(examination.descriptors(of: "7") == nil)
    }
}
