// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import OperatorClient

/// Where vm-runtime is.
struct RuntimeOptions: ParsableArguments {
    @Option(
        help: "vm-runtime's socket for operators (default: operator-socket of its configuration).",
        completion: .file(extensions: ["sock"])
    )
    var socket: String?

    @OptionGroup var host: HostOptions

    /// Connects to vm-runtime and runs a body.
    func connected<Value: Sendable>(
        _ body: @Sendable @escaping (OperatorClient) async throws -> Value
    ) async throws -> Value {
        let path = try socket ?? host.configuration().operatorSocket
        return try await OperatorClient.connected(to: path, body)
    }
}

extension OperatorClient {
    /// The VM of a name, which must be there.
    func present(_ name: String) async throws -> ListedMachine {
        guard let machine = try await machine(named: name) else {
            throw CommandError("There is no machine \(name). See: vmctl ps")
        }
        return machine
    }
}

/// Why a command failed, in words.
struct CommandError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
