// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CRIServer
import Logging
import PodRuntime
import Resident
import ServiceLifecycle

/// Serves both sockets until the process is told to end; calls that have begun end first.
struct Servers: Service {
    let node: Node
    let kubelets: ListeningSocket
    let operators: ListeningSocket
    let patience: Duration
    let log: Logger
    let counts: CallCounts

    func run() async throws {
        let (pods, images, log) = (node.pods, node.images, log)
        let kubelet = CRIServer(
            pods: PodsAtSocket(pods, .kubelet),
            images: images,
            log: log,
            counts: counts
        )
        let operators = CRIServer(
            pods: PodsAtSocket(pods, .operator),
            images: images,
            machines: pods,
            log: log,
            counts: counts
        )
        log.info(
            "version \(VMRuntime.version) serves \(kubelets.path) and, for vmctl, \(self.operators.path)"
        )
        Notifier().send("READY=1")
        try await withThrowingTaskGroup(of: Void.self) { [self] group in
            group.addTask { try await kubelet.serve(on: kubelets, patience: patience, until: Self.toldToEnd) }
            group.addTask {
                try await operators.serve(on: self.operators, patience: patience, until: Self.toldToEnd)
            }
            group.addTask {
                await Self.toldToEnd()
                Notifier().send("STOPPING=1")
            }
            try await group.waitForAll()
        }
    }

    private static let toldToEnd: @Sendable () async -> Void = {
        // Cancelled, it is told to end, too.
        do { try await gracefulShutdown() } catch {}
    }
}

/// Watches the guests, and pays what is owed, until no call is served any more.
struct GuestWatch: Service {
    let pods: PodRuntime

    func run() async throws { await cancelWhenGracefulShutdown { await pods.watch() } }
}
