// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CRIMessages
import GRPCCore
import Pods
import SwiftProtobuf

extension RPCRouter {
    /// Serves a call of one request and one answer.
    ///
    /// `subject`: what the log names of it, as `key=value`, where the call changes something; its answer is nil where
    /// it failed.
    /// `limit`: how long it may take, beyond which its caller has an error instead of no answer; nil for as long as it
    /// takes.
    mutating func serve<Request: Message, Response: Message>(
        _ call: String,
        of service: ServiceName,
        _ journal: CallJournal,
        limit: @escaping @Sendable (Request) -> Duration? = { _ in .standardLimit },
        subject: (@Sendable (Request, Response?) -> String)? = nil,
        body: @escaping @Sendable (Request) async throws(PodServiceError) -> Response
    ) {
        registerHandler(
            forMethod: MethodDescriptor(fullyQualifiedService: service.rawValue, method: call),
            deserializer: MessageReader<Request>(),
            serializer: MessageWriter<Response>()
        ) { request, context in
            let start = ContinuousClock.now
            let message = try await request.onlyMessage(of: call)
            do throws(PodServiceError) {
                let (response, isAbandoned) = try await answer(message, context) {
                    (request) async throws(PodServiceError) -> Response in
                    guard let limit = limit(request) else { return try await body(request) }
                    return try await within(limit, call) { () async throws(PodServiceError) -> Response in
                        try await body(request)
                    }
                }
                journal.note(
                    call,
                    subject?(message, response),
                    since: start,
                    isAbandoned ? .abandoned : .done
                )
                return StreamingServerResponse(single: ServerResponse(message: response))
            } catch {
                journal.note(call, subject?(message, nil), since: start, .failed(error))
                throw error.status
            }
        }
    }

    /// Answers a call that is not served, in words.
    mutating func refuse(_ call: String, of service: ServiceName, _ words: String) {
        registerHandler(
            forMethod: MethodDescriptor(fullyQualifiedService: service.rawValue, method: call),
            deserializer: UnreadMessage(),
            serializer: UnreadMessage()
        ) { _, _ in
            throw RPCError(code: .unimplemented, message: "\(call) is not served: \(words)")
        }
    }
}

extension Duration {
    /// How long a call may take: more than kubelet waits, which is four minutes for a sandbox.
    static var standardLimit: Duration { .seconds(300) }
}

extension StreamingServerRequest {
    fileprivate func onlyMessage(of call: String) async throws -> Message {
        for try await message in messages { return message }
        throw RPCError(code: .invalidArgument, message: "\(call) came without a request")
    }
}

/// Carries a call out; it is told by `Task.isCancelled` when its caller gives up.
///
/// - Returns: The answer, and whether the caller had gone by then.
private func answer<Request: Sendable, Response: Sendable>(
    _ message: Request,
    _ context: ServerContext,
    _ body: @escaping @Sendable (Request) async throws(PodServiceError) -> Response
) async throws(PodServiceError) -> (Response, isAbandoned: Bool) {
    let result = await withTaskGroup(of: Result<Response, PodServiceError>?.self) { group in
        group.addTask {
            await Result { () async throws(PodServiceError) -> Response in try await body(message) }
        }
        group.addTask {
            do { try await context.cancellation.cancelled } catch {}
            return nil
        }
        var isAbandoned = false
        for await ended in group {
            guard let ended else {
                // The caller has gone, or the call is over and this was cancelled below.
                isAbandoned = true
                group.cancelAll()
                continue
            }
            group.cancelAll()
            return (ended, isAbandoned)
        }
        return (.failure(PodServiceError(.internalError, "the call ended without an answer")), isAbandoned)
    }
    return (try result.0.get(), result.1)
}

extension Result where Success: Sendable {
    fileprivate init(_ body: () async throws(Failure) -> Success) async {
        do throws(Failure) { self = .success(try await body()) } catch { self = .failure(error) }
    }
}
