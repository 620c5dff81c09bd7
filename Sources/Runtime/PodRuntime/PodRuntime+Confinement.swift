// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Confinement
import Pods

extension PodRuntime {
    /// Keeps the users of emulators from the node's IP; repeatable, and done before each start of a VM.
    func ensureSocketBan() async throws(PodServiceError) {
        let ban = await socketBan()
        do throws(ConfinementError) {
            try ban.ensure()
        } catch {
            throw PodServiceError(.unavailable, error.description)
        }
    }

    /// Why VMs may not be started now; nil where their users are kept from the node's IP.
    func whySocketBanFails() async -> String? {
        do throws(PodServiceError) {
            // What somebody has detached is put back at once: kubelet asks every few seconds.
            try await ensureSocketBan()
            return nil
        } catch {
            return error.message
        }
    }

    /// Kills what an emulator that was broken out of has left behind: children, wherever they went.
    ///
    /// Nobody else has the user, and the container's VM is ended. Another attempt's, which runs, has the same user:
    /// then nothing is done.
    func endProcesses(of sandbox: SandboxRecord, besides container: ContainerRecord) async {
        let others = await store.containers(of: sandbox.id).filter { $0.id != container.id }
        guard others.allSatisfy({ $0.phase != .running && $0.phase != .starting }) else { return }
        do throws(ConfinementError) {
            try EmulatorUser.endProcesses(of: sandbox.user)
        } catch {
            log("sandbox \(sandbox.id): \(error.description)")
        }
    }

    /// The rule for the configured users, and for those of sandboxes that an earlier configuration made.
    private func socketBan() async -> SocketBan {
        let users = settings.machines.users
        let configured = users.first...users.last
        let earlier = await store.sandboxes.values.map(\.user).filter { !configured.contains($0) }.sorted()
        return SocketBan(
            SocketRule(
                users: [configured] + Self.ranges(earlier),
                storage: settings.storageNetworks
            )
        )
    }

    /// Sorted numbers as few ranges: each costs the kernel two comparisons a socket.
    static func ranges(_ sorted: [UInt32]) -> [ClosedRange<UInt32>] {
        var ranges: [ClosedRange<UInt32>] = []
        for number in sorted {
            if let last = ranges.last, last.upperBound + 1 >= number {
                ranges[ranges.count - 1] = last.lowerBound...max(last.upperBound, number)
            } else {
                ranges.append(number...number)
            }
        }
        return ranges
    }
}
