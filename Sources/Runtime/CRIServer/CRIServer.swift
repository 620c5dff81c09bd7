// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CRIMessages
import GRPCCore
import GRPCNIOTransportHTTP2TransportServices
public import Logging
public import Pods
import Synchronization

/// Serves the Container Runtime Interface v1 on a Unix socket, and on the operator's what that has no words for.
public struct CRIServer<PodCalls: PodService, ImageStore: Pods.ImageService>: Sendable {
    private let pods: PodCalls
    private let images: ImageStore
    private let machines: (any MachineService)?
    private let log: Logger
    private let counts: CallCounts

    /// A server; it serves nothing yet.
    ///
    /// `machines`: nil on a socket that is not the operator's.
    public init(
        pods: PodCalls,
        images: ImageStore,
        machines: (any MachineService)? = nil,
        log: Logger,
        counts: CallCounts
    ) {
        self.pods = pods
        self.images = images
        self.machines = machines
        self.log = log
        self.counts = counts
    }

    /// Serves until the task is told to stop, then lets calls that have begun come to their end.
    ///
    /// `stop`: returns when no further call is to be taken. `patience`: how long calls may go on after that; then
    /// they are cancelled.
    public func serve(
        on socket: ListeningSocket,
        patience: Duration,
        until stop: @escaping @Sendable () async -> Void
    ) async throws {
        let transport = HTTP2ServerTransport.Custom(
            listenerFactory: UnixListener(descriptor: socket.descriptor),
            config: Self.transport
        )
        let journal = CallJournal(log: log, counts: counts)
        var services: [any RegistrableRPCService] = [
            RuntimeCalls(pods: pods, journal: journal), ImageCalls(images: images, journal: journal),
            HealthCalls(journal: journal, servesMachines: machines != nil),
        ]
        if let machines { services.append(MachineCalls(machines: machines, journal: journal)) }
        let server = GRPCServer(transport: transport, services: services)
        let log = log
        let stopping = Flag()
        let outcome: Result<Void, any Error> = await withTaskGroup(of: Result<Void, any Error>?.self) {
            group in
            group.addTask {
                do {
                    try await server.serve()
                    return .success(())
                } catch {
                    // Its listener may be gone before it has looked at it.
                    return stopping.isSet.load(ordering: .relaxed) ? .success(()) : .failure(error)
                }
            }
            group.addTask {
                await stop()
                stopping.isSet.store(true, ordering: .relaxed)
                // Told to shut down before it serves, it would never end.
                _ = await transport.listeningAddress
                server.beginGracefulShutdown()
                do { try await Task.sleep(for: patience) } catch { return nil }
                log.warning("calls that have not ended after \(patience) are cancelled")
                return nil
            }
            for await ended in group {
                // The server has ended, or its time is over.
                group.cancelAll()
                if let ended { return ended }
            }
            return .success(())
        }
        try outcome.get()
    }

    private final class Flag: Sendable {
        let isSet = Atomic(false)
    }

    private static var transport: HTTP2ServerTransport.Custom<UnixListener>.Config {
        var config = HTTP2ServerTransport.Custom<UnixListener>.Config.defaults
        config.rpc.maxRequestPayloadSize = MessageLimit.transport
        // Beyond this, a connection's further calls wait at the caller.
        config.http2.maxConcurrentStreams = 128
        config.http2.targetWindowSize = 1 << 20
        // One answer a call: there is nothing to wait for.
        config.connection.flushCoalescing = nil
        return config
    }
}
