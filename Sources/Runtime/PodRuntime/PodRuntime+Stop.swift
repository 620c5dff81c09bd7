// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Libvirt
import Pods

extension PodRuntime {
    /// Ends a container's guest: asks it, and ends QEMU where it does not follow within so many seconds.
    ///
    /// Of several calls the one whose time is over first ends it.
    func stopContainer(_ id: String, seconds: Int64) async throws(PodServiceError) {
        guard let known = try await container(id) else { return }
        try await shielded { [self] in
            // A start that is under way is given up.
            try await ending(known.sandboxID) {}
            try await awaitEnd(of: known, seconds: seconds)
            try await endNow(known)
        }
    }

    /// Ends a container's guest at once, copies the rest of its console, and writes down how it ended.
    ///
    /// The pod's lock is held for each step, not while the console is copied.
    func endNow(_ known: ContainerRecord) async throws {
        let isForced = try await ending(known.sandboxID) {
            guard let container = await store.containers[known.id], container.hasGuest else { return false }
            guard try await !hasEnded(container) else { return false }
            try await hypervisor.destroy(container.domain)
            return true
        }
        await logs.finish(known.id)
        try await ending(known.sandboxID) {
            guard let container = await store.containers[known.id], container.hasGuest else { return }
            try await end(container, isForced: isForced)
        }
    }

    /// Ends a container's guest at once, where it still runs, and writes down how it ended.
    func end(_ container: ContainerRecord, isForced: Bool = false) async throws {
        guard container.hasGuest else { return }
        if try await !hasEnded(container) {
            try await hypervisor.destroy(container.domain)
            return try await finish(container, .forced)
        }
        try await finish(container, isForced ? .forced : try await hypervisor.ending(of: container.domain))
    }

    /// Asks a guest to shut down, until it has, another call has ended it, or its time is over.
    ///
    /// Nothing is locked meanwhile: a grace period of a Windows guest is an hour, and nobody else is to wait for it.
    private func awaitEnd(of container: ContainerRecord, seconds: Int64) async throws {
        let clock = ContinuousClock()
        let begin = clock.now
        let deadline = begin + .seconds(min(max(0, seconds), Self.longestGrace))
        farewells.join(container.id)
        defer { farewells.leave(container.id) }
        while clock.now < deadline {
            guard await store.containers[container.id]?.hasGuest == true, try await !hasEnded(container)
            else { return }
            switch farewells.request(container.id, now: clock.now) {
            case .powerButton: try await hypervisor.shutDown(container.domain)
            case .agent: try? await hypervisor.shutDown(container.domain, byAgent: true)
            case nil: break
            }
            // Most guests end within seconds; those that don't are not asked for their state all the time.
            let pause = Duration.milliseconds(clock.now - begin < .seconds(10) ? 200 : 1000)
            try await Task.sleep(for: max(.zero, min(pause, deadline - clock.now)))
        }
    }

    private static let longestGrace: Int64 = 10 * 365 * 86_400

    /// Whether there is no QEMU of it, or its guest has crashed.
    func hasEnded(_ container: ContainerRecord) async throws -> Bool {
        try await hypervisor.state(of: container.domain)?.isAlive != true
    }

    /// Runs a body that ends a pod or its VM when nobody else is at the pod.
    ///
    /// A start that waits for its turn or for the vRouter is ended, or it would be waited for in turn.
    func ending<Value: Sendable>(
        _ sandboxID: String,
        _ body: () async throws -> Value
    ) async throws -> Value {
        while true {
            for container in await store.containers(of: sandboxID) {
                while starting.contains(container.id) {
                    await giveUpStart(of: container)
                    try await Task.sleep(for: .milliseconds(100))
                }
            }
            let value: Value? = try await locks.holding(sandboxID) {
                // Another start may have begun meanwhile.
                for container in await store.containers(of: sandboxID)
                where starting.contains(container.id) {
                    return nil
                }
                return try await body()
            }
            if let value { return value }
        }
    }

    private func giveUpStart(of container: ContainerRecord) async {
        starts.dismiss(container.id)
        // A start without a readable record fails by itself.
        guard let sandbox = await store.sandboxes[container.sandboxID],
            let interfaces = try? interfaces(of: sandbox), !Self.awaitedSockets(interfaces).isEmpty
        else { return }
        await abandon(container)
    }
}
