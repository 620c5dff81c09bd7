// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Confinement
import LinuxSystem

/// Whether QEMU's users are kept from the node's IP.
extension HostExamination {
    var confinement: [Finding] {
        // Where vm-runtime does not serve, it has no VMs that could break out.
        guard access(configuration.operatorSocket, F_OK) == 0 else {
            return [
                .warn(
                    "vm-runtime",
                    "does not run",
                    "Start it, for all but doctor, pull and image: systemctl start vm-runtime"
                )
            ]
        }
        return [
            .ok("vm-runtime", "serves \(configuration.operatorSocket)"),
            probe(
                "network of QEMU",
                user: settings.users.first,
                advice: "systemctl restart vm-runtime; its log says why."
            ),
        ]
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
