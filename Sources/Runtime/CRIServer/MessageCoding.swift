// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import GRPCCore
import SwiftProtobuf

/// Messages to bytes.
struct MessageWriter<Message: SwiftProtobuf.Message>: MessageSerializer {
    func serialize<Bytes: GRPCContiguousBytes>(_ message: Message) throws -> Bytes {
        do {
            let bytes: [UInt8] = try message.serializedBytes()
            return Bytes(bytes)
        } catch {
            throw RPCError(code: .internalError, message: "the answer cannot be written: \(error)")
        }
    }
}

/// How large a request may be.
enum MessageLimit {
    /// As in grpc-go's kubelet and containerd.
    static let bytes = 16 << 20
    /// What the transport takes: it resets the stream of a larger one, without words.
    static let transport = 2 * bytes
}

/// Bytes to messages; what is no message is the caller's error.
struct MessageReader<Message: SwiftProtobuf.Message>: MessageDeserializer {
    func deserialize<Bytes: GRPCContiguousBytes>(_ bytes: Bytes) throws -> Message {
        guard bytes.count <= MessageLimit.bytes else {
            throw RPCError(
                code: .resourceExhausted,
                message: "the request has \(bytes.count) bytes; at most \(MessageLimit.bytes) are taken"
            )
        }
        do {
            return try Message(serializedBytes: bytes.withUnsafeBytes { Array($0) })
        } catch {
            throw RPCError(code: .invalidArgument, message: "the request is no \(Message.protoMessageName)")
        }
    }
}

/// A message that nobody looks at: of a call that is not served.
struct UnreadMessage: MessageSerializer, MessageDeserializer {
    func serialize<Bytes: GRPCContiguousBytes>(_: Void) -> Bytes { Bytes([UInt8]()) }
    func deserialize<Bytes: GRPCContiguousBytes>(_: Bytes) {}
}
