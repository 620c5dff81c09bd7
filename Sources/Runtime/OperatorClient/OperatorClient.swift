// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

package import CRIMessages
import Foundation
import GRPCCore
import GRPCNIOTransportHTTP2TransportServices
import NIOCore
import NIOPosix
package import SwiftProtobuf

/// A client of vm-runtime at the operator's socket.
package struct OperatorClient: Sendable {
    private typealias Transport = HTTP2ClientTransport.WrappedChannel

    private let client: GRPCClient<Transport>

    /// Connects, runs a body and disconnects.
    package static func connected<Value: Sendable>(
        to socket: String,
        _ body: @Sendable @escaping (OperatorClient) async throws -> Value
    ) async throws -> Value {
        NIOSingletons.groupLoopCountSuggestion = 1
        let transport: Transport
        do {
            transport = try await Transport.wrapping { configure in
                try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                    .connect(unixDomainSocketPath: socket) { configure($0) }
            }
        } catch {
            throw OperatorError(unreachable: socket, error)
        }
        return try await withGRPCClient(transport: transport) { client in
            try await body(OperatorClient(client: client))
        }
    }

    /// Makes a call of one request and one answer.
    package func call<Request: Message, Response: Message>(
        _ name: String,
        of service: ServiceName,
        _ request: Request
    ) async throws -> Response {
        do {
            return try await client.unary(
                request: ClientRequest(message: request),
                descriptor: MethodDescriptor(fullyQualifiedService: service.rawValue, method: name),
                serializer: MessageWriter<Request>(),
                deserializer: MessageReader<Response>(),
                options: .defaults
            ) { try $0.message }
        } catch let error as RPCError {
            throw OperatorError(error)
        } catch is RuntimeError {
            throw OperatorError.ended
        }
    }

    /// Joins a container's console: hands its output to `receive` until the guest or `input` ends.
    package func attachConsole(
        _ containerID: String,
        input: AsyncStream<[UInt8]>,
        receive: @escaping @Sendable ([UInt8]) -> Void
    ) async throws {
        let request = StreamingClientRequest<OperatorAttachConsoleRequest> { writer in
            try await writer.write(.with(\.containerID, containerID))
            for await bytes in input { try await writer.write(.with(\.input, Data(bytes))) }
        }
        do {
            try await client.bidirectionalStreaming(
                request: request,
                descriptor: MethodDescriptor(
                    fullyQualifiedService: ServiceName.machines.rawValue,
                    method: "AttachConsole"
                ),
                serializer: MessageWriter<OperatorAttachConsoleRequest>(),
                deserializer: MessageReader<OperatorAttachConsoleResponse>(),
                options: .defaults
            ) { response in
                for try await message in response.messages { receive(Array(message.output)) }
            }
        } catch let error as RPCError {
            throw OperatorError(error)
        } catch is RuntimeError {
            throw OperatorError.ended
        }
    }
}
