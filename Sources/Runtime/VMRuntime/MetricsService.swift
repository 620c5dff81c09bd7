// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import CRIServer
import Glibc
import LinuxSystem
import Logging
import Machines
import NetworkTypes
import Pods
import Resident
import ServiceLifecycle

/// Serves metrics until the process is told to end.
struct MetricsService: Service {
    let node: Node
    let counts: CallCounts
    let log: Logger
    private let ip: IPAddress
    private let port: UInt16

    /// Where metrics are served; nil for nowhere.
    init?(_ endpoint: EndpointRange?, node: Node, counts: CallCounts, log: Logger) {
        guard let endpoint, let port = endpoint.port else { return nil }
        self.node = node
        self.counts = counts
        self.log = log
        ip = endpoint.prefix.address
        self.port = port
    }

    func run() async throws {
        let server: MetricsServer
        do throws(SystemError) {
            server = try MetricsServer(ip, port)
        } catch {
            throw PodServiceError(
                .unavailable,
                "cannot serve metrics: \(error.message); choose another `metrics`"
            )
        }
        let wake = try WakePipe()
        await withGracefulShutdownHandler {
            var gathered = (text: [UInt8](), at: Int64.min)
            while !wake.isSet { await proceed(server, wake, &gathered) }
        } onGracefulShutdown: {
            wake.set()
        }
    }

    /// Waits for a client, or for the end, on a thread; what is told is gathered in between.
    ///
    /// Once a second at most, whoever asks how often.
    private func proceed(
        _ server: MetricsServer,
        _ wake: WakePipe,
        _ gathered: inout (text: [UInt8], at: Int64)
    ) async {
        let targets = server.pollTargets + [pollfd(fd: wake.descriptor, events: Int16(POLLIN), revents: 0)]
        let timeout = server.deadline.map { Int32(clamping: max(0, $0 - monotonicMicroseconds()) / 1000 + 1) }
        let ready = await onThreadOfItsOwn { () -> [pollfd] in
            var targets = targets
            return poll(&targets, nfds_t(targets.count), timeout ?? -1) < 0 ? [] : targets
        }
        guard !ready.isEmpty else { return }
        let now = monotonicMicroseconds()
        if gathered.at < now - 1_000_000 { gathered = (await metrics(), now) }
        let text = gathered.text
        server.proceed(ready.dropLast(), now: monotonicMicroseconds()) { text }
    }

    private func metrics() async -> [UInt8] {
        var metrics = Metrics(calls: counts.all, gauges: await node.pods.gauges())
        do throws(PodServiceError) {
            metrics.images = try node.images.count()
            metrics.imageBytes = try node.images.usage().first?.usedBytes
        } catch {
            log.warning("metrics lack the images: \(error.message)")
        }
        return metrics.text
    }
}

/// Ends a poll(2) on another thread.
private final class WakePipe: Sendable {
    private let reading: FileDescriptor
    private let writing: FileDescriptor

    init() throws(SystemError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw SystemError("make", "a pipe", errno: clinux_errno()) }
        reading = FileDescriptor(owning: ends[0])
        writing = FileDescriptor(owning: ends[1])
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    }

    var descriptor: Int32 { reading.raw }

    func set() { _ = write(writing.raw, [1], 1) }

    /// Stays so.
    var isSet: Bool {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&waiting, 1, 0) > 0
    }
}
