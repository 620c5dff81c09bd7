// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Confinement
import LinuxSystem
import Machines
import RuntimeConfiguration

/// Whether QEMU's users are kept from the node's IP, those of vmctl's machines and those of vm-runtime's pods.
extension HostExamination {
    var confinement: [Finding] {
        var findings = [machinesConfinement]
        let path = "/etc/contrail-vm/vm-runtime.yaml"
        let configuration: RuntimeConfiguration
        do {
            let bytes = try Files.read(path)
            let file = bytes.map { (name: path, text: String(decoding: $0, as: UTF8.self)) }
            configuration = try LoadedConfiguration(file: file, environment: [:], flags: []).configuration
        } catch {
            findings.append(.warn(path, "\(error)", "Correct it: vm-runtime --check-config"))
            return findings
        }
        let first = UInt32(clamping: configuration.firstEmulatorUser)
        let last = UInt32(clamping: configuration.firstEmulatorUser + configuration.emulatorUserCount - 1)
        if first <= settings.users.last, settings.users.first <= last {
            findings.append(
                .fail(
                    "users",
                    "vmctl's machines have users of \(settings.users.first) to \(settings.users.last), and vm-runtime's pods of \(first) to \(last): two VMs could share one",
                    "Set CONTRAIL_VM_USERS, or emulator-uid-first in \(path)."
                )
            )
        }
        // Where it does not serve, it has no VMs that could break out.
        if access(configuration.listen, F_OK) == 0 {
            findings.append(
                probe(
                    "network of pods' QEMU",
                    user: first,
                    advice: "systemctl restart vm-runtime; its log says why."
                )
            )
        }
        return findings
    }

    private var machinesConfinement: Finding {
        let subject = "network of machines' QEMU"
        do throws(ConfinementError) {
            let ban = MachineRuntime.socketBan(settings, of: [])
            // It is what vmctl run does first; that it can be done is what is asked.
            try ban.ensure()
        } catch {
            return .fail(
                subject,
                error.description,
                "No VM is started while its QEMU could use the node's IP."
            )
        }
        return probe(
            subject,
            user: settings.users.first,
            advice: "Is another program in this cgroup namespace?"
        )
    }

    private func probe(_ subject: String, user: UInt32, advice: String) -> Finding {
        do throws(ConfinementError) {
            for family in [AF_INET, AF_INET6] {
                switch try SocketBan.refusal(of: user, family: family) {
                case EPERM, EAFNOSUPPORT: continue
                case nil: return .fail(subject, "the user \(user) is given a socket of the node's IP", advice)
                case .some(let failure): return .warn(subject, errorText(failure), "")
                }
            }
            return .ok(subject, "the user \(user) is given no socket of IPv4 or IPv6")
        } catch {
            return .warn(subject, error.description, "Run vmctl as root.")
        }
    }
}
