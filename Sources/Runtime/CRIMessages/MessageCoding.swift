// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

package import GRPCCore
package import SwiftProtobuf

/// Messages to bytes.
package struct MessageWriter<Message: SwiftProtobuf.Message>: MessageSerializer {
    /// A writer.
    package init() {}

    /// The bytes of a message.
    package func serialize<Bytes: GRPCContiguousBytes>(_ message: Message) throws -> Bytes {
        do {
            let bytes: [UInt8] = try message.serializedBytes()
            return Bytes(bytes)
        } catch {
            throw RPCError(code: .internalError, message: "the answer cannot be written: \(error)")
        }
    }
}

/// How large a request may be.
package enum MessageLimit {
    /// As in grpc-go's kubelet and containerd.
    package static let bytes = 16 << 20
    /// What the transport takes: it resets the stream of a larger one, without words.
    package static let transport = 2 * bytes
}

/// Bytes to messages; what is not a message is the caller's error.
package struct MessageReader<Message: SwiftProtobuf.Message>: MessageDeserializer {
    /// A reader.
    package init() {}

    /// The message that bytes are.
    package func deserialize<Bytes: GRPCContiguousBytes>(_ bytes: Bytes) throws -> Message {
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
package struct UnreadMessage: MessageSerializer, MessageDeserializer {
    /// Neither written nor read.
    package init() {}

    /// No bytes.
    package func serialize<Bytes: GRPCContiguousBytes>(_: Void) -> Bytes { Bytes([UInt8]()) }
    /// Looks at nothing.
    package func deserialize<Bytes: GRPCContiguousBytes>(_: Bytes) {}
}
