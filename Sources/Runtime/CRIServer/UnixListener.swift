// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import GRPCNIOTransportHTTP2TransportServices
import NIOCore
import NIOPosix

/// Accepts gRPC's connections on a socket that listens already.
///
/// Without TLS: the socket's mode says who may come. So none of TLS is compiled or linked, which is why this does not
/// use the transport's own listener.
struct UnixListener: HTTP2ServerTransport.ListenerFactory {
    let eventLoopGroup: any EventLoopGroup = Self.thread
    let descriptor: CInt

    /// One thread reads and writes for all sockets: their callers are few, and the calls themselves run elsewhere.
    ///
    /// It ends with the process: connections that are being closed when a server has ended still turn to it.
    private static let thread: MultiThreadedEventLoopGroup = {
        NIOSingletons.groupLoopCountSuggestion = 1
        return .singleton
    }()

    func makeListeningChannel(
        listenerConfigurator: HTTP2ServerTransport.ListenerConfigurator,
        connectionConfigurator: HTTP2ServerTransport.ConnectionConfigurator
    ) async throws -> NIOAsyncChannel<HTTP2ServerTransport.ConnectionConfigurator.ConnectionChannel, Never> {
        try await ServerBootstrap(group: eventLoopGroup)
            .serverChannelInitializer { listenerConfigurator.configure(channel: $0) }
            .bind(descriptor) { connectionConfigurator.configure(channel: $0, tls: .none) }
    }
}
