// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import DomainXML
import Foundation
import HostPrograms
import KVMProbe
import Libvirt
import LinuxSystem
import Machines
import RuntimeConfiguration

/// What the doctor looks at.
struct HostExamination: Sendable {
    let configuration: RuntimeConfiguration
    let settings: Settings

    /// An examination by the node's configuration; nil where its users are not a range.
    init?(_ configuration: RuntimeConfiguration) {
        guard let settings = Settings(configuration) else { return nil }
        self.configuration = configuration
        self.settings = settings
    }

    /// Looks at everything, cheap things first.
    func findings() async -> [Finding] {
        var findings = [privilege, tunDevice, runFolder, users, wrapper, agent]
        findings.append(await program(settings.qemu, package: "qemu-system-x86"))
        findings.append(await program(settings.qemuImg, package: "qemu-utils"))
        findings.append(await program(settings.xorrisofs, package: "xorriso"))
        findings.append(await libvirt)
        findings.append(await kvm)
        if let finding = kvmDevice { findings.append(finding) }
        findings += confinement
        findings += node
        return findings
    }

    /// What must be so that libvirt's QEMUs can do their work, and so that vm-runtime can, where it runs.
    private var node: [Finding] {
        let examination = NodeExamination()
        var problems = examination.problems
        for process in examination.processes(named: "vm-runtime") {
            problems += [examination.mounts(of: process), examination.descriptors(of: process)].compactMap {
                $0
            }
        }
        guard !problems.isEmpty else {
            return [.ok("libvirt's folders and profiles", "let QEMU's users pass")]
        }
        return problems.map { .fail($0.subject, $0.text, $0.advice) }
    }

    private var privilege: Finding {
        getuid() == 0
            ? .ok("privileges", "root")
            : .fail(
                "privileges",
                "user \(getuid())",
                "Run vmctl as root: vm-runtime's socket is root's."
            )
    }

    private var tunDevice: Finding {
        let path = "/dev/net/tun"
        do throws(SystemError) {
            _ = try FileDescriptor(opening: path, O_RDWR)
            return .ok(path, "opens")
        } catch {
            return .fail(path, errorText(error.errno), "Load the module: modprobe tun")
        }
    }

    private var runFolder: Finding {
        do throws(SystemError) {
            try Files.makeFolder(settings.runFolder)
            return .ok(settings.runFolder, "is there")
        } catch {
            return .fail(settings.runFolder, error.message, "Set run-dir to a folder on a tmpfs.")
        }
    }

    /// A user of the range who has a name is somebody's: QEMU must not run as him.
    private var users: Finding {
        let range = settings.users
        let text = "QEMU runs as one of the users \(range.first) to \(range.last)"
        let named = (range.first...range.last).first { getpwuid($0) != nil }
        guard let named else { return .ok("users", text) }
        return .warn(
            "users",
            "\(text), but \(named) is somebody's",
            "Set emulator-uid-first to the first of a free range."
        )
    }

    private var wrapper: Finding {
        var status = stat()
        guard stat(settings.wrapper, &status) == 0 else {
            return .warn(
                settings.wrapper,
                "is not there",
                "Only VMs whose taps lie in pods' namespaces need it. Install it, or set vmwrapper."
            )
        }
        guard status.st_mode & 0o001 != 0 else {
            return .fail(settings.wrapper, "QEMU's users may not run it", "chmod 755 \(settings.wrapper)")
        }
        return .ok(settings.wrapper, "is there")
    }

    private var agent: Finding {
        let subject = "vRouter agent"
        let socket = clinux_socket_tcp(AF_INET)
        guard socket >= 0 else { return .fail(subject, errorText(-socket), "") }
        defer { close(socket) }
        _ = clinux_set_send_timeout(socket, 1_000_000)
        let address = UInt32(bigEndian: 0x7F00_0001)
        let connected = clinux_connect_ipv4(socket, address, 9091)
        guard connected >= 0 else {
            return .warn(
                subject,
                "127.0.0.1:9091: \(errorText(-connected))",
                "Only networks of OpenContrail need it. Start the agent, or the simulator vrouter-sim."
            )
        }
        return .ok(subject, "127.0.0.1:9091 answers")
    }

    private func program(_ program: HostProgram, package: String) async -> Finding {
        do throws(HostProgramError) {
            let run = try await program.run(["--version"], seconds: 10)
            let text = run.output.isEmpty ? run.errors : run.output
            guard case .exited(0) = run.ending, let first = text.split(separator: "\n").first else {
                return .fail(
                    program.path,
                    "does not tell its version",
                    "Install it anew: package \(package)."
                )
            }
            return .ok(program.path, String(first))
        } catch {
            return .fail(program.path, "cannot be run", "Install it: package \(package).")
        }
    }

    private var libvirt: Finding {
        get async {
            do throws(LibvirtError) {
                let mark = OwnerMark(namespace: Domain.metadataNamespace, owner: "vmctl")
                let version = try await Hypervisor(uri: settings.libvirtURI, mark: mark).version()
                return .ok("libvirt", "\(version) at \(settings.libvirtURI)")
            } catch {
                return .fail(
                    "libvirt",
                    error.description,
                    "Install libvirt-daemon-system and start libvirtd, or set libvirt-uri."
                )
            }
        }
    }

    private var kvm: Finding {
        get async {
            let verdict: KVMProbe.Verdict
            do throws(SystemError) {
                verdict = try await KVMProbe(qemu: settings.qemu).verdict(folder: settings.runFolder)
            } catch {
                return .warn("KVM", error.message, "")
            }
            let advice = "VMs run by QEMU's translator, several times slower: --accel auto chooses it."
            switch verdict {
            case .usable: return .ok("KVM", "runs guests at speed")
            case .tooSlow: return .warn("KVM", "emulates every instruction, too slow to be of use", advice)
            case .notUsable(let reason): return .warn("KVM", "cannot be used: \(reason)", advice)
            case .brokenQEMU(let reason):
                return .fail("QEMU", "does not run a guest: \(reason)", "Install qemu-system-x86 anew.")
            }
        }
    }

    /// libvirt's probes may open the device always, its QEMU by its mode only.
    ///
    /// Where these differ libvirt finds its cache of capabilities stale at every look and probes anew, many
    /// times a start.
    private var kvmDevice: Finding? {
        var status = stat()
        guard stat("/dev/kvm", &status) == 0, status.st_mode & 0o060 != 0o060, status.st_mode & 0o006 != 0o006
        else { return nil }
        return .warn(
            "/dev/kvm",
            "only its owner may open it, so libvirt probes QEMU again and again (15 s a start)",
            "chgrp kvm /dev/kvm && chmod 660 /dev/kvm"
        )
    }
}
