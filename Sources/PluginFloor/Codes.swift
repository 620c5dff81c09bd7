// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import Attachments
import CLinux
public import CNIProtocol
public import LinuxSystem
import Netlink
public import VRouter

/// CNI's codes for what goes wrong below the plugins.
extension CNIError {
    /// A device could not be made, removed or examined.
    public init(_ error: AttachmentError) {
        switch error {
        case .system(let error): self.init(Self.code(error.errno) ?? .internal, error.message)
        case .netlink(let error): self.init(Self.code(error.errno) ?? .internal, error.message)
        case .unexpected(let text): self.init(.internal, text)
        }
    }

    /// A file could not be read or written.
    public init(_ error: SystemError) { self.init(Self.code(error.errno) ?? .io, error.message) }

    /// The agent does not give what was asked for.
    public init(_ error: AgentError) {
        switch error.cause {
        case .unreachable, .silent, .cut, .notYet: self.init(.tryAgainLater, error.message)
        case .garbled, .unknownRequest, .refused: self.init(.internal, error.message)
        }
    }

    /// What passes by itself is worth another try.
    private static func code(_ errno: Int32) -> Code? {
        switch errno {
        case ETIMEDOUT, EAGAIN, EBUSY, ENOBUFS, EMFILE, ENFILE: .tryAgainLater
        default: nil
        }
    }
}

/// Does something with devices; an error gets its CNI code.
public func attaching<Value>(_ body: () throws(AttachmentError) -> Value) throws(CNIError) -> Value {
    do throws(AttachmentError) { return try body() } catch { throw CNIError(error) }
}

/// Does something with files; an error gets its CNI code.
public func files<Value: ~Copyable>(
    _ body: () throws(SystemError) -> Value
) throws(CNIError) -> Value {
    do throws(SystemError) { return try body() } catch { throw CNIError(error) }
}

/// Asks the agent; an error gets its CNI code.
public func agent<Value>(_ body: () throws(AgentError) -> Value) throws(CNIError) -> Value {
    do throws(AgentError) { return try body() } catch { throw CNIError(error) }
}
