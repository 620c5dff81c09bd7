// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import CNIProtocol
public import JSON
import Subprocess
import SystemPackage

/// Runs the plugins of a list as a container runtime does (CNI specification, section 3).
public struct CNIInvoker: Sendable {
    /// Folders in which plugins are looked for, in order.
    public let folders: [String]
    /// The longest that one plugin may take, in seconds.
    public let seconds: Double

    /// An invoker that finds plugins in folders.
    public init(folders: [String] = ["/opt/cni/bin", "/usr/lib/cni"], seconds: Double = 120) {
        self.folders = folders
        self.seconds = seconds
    }

    /// What plugins are told about an attachment.
    public struct Attachment: Sendable {
        /// The sandbox.
        public var containerID: String
        /// The path of its network namespace; empty where it is gone.
        public var namespace: String
        /// The interface's name in it.
        public var interface: String
        /// CNI_ARGS, like K8S_POD_NAME.
        public var arguments: [(key: String, value: String)]
        /// What the runtime offers for capabilities that plugins declare.
        public var runtimeConfig: JSONObject

        /// An attachment.
        public init(
            containerID: String,
            namespace: String,
            interface: String,
            arguments: [(key: String, value: String)],
            runtimeConfig: JSONObject = JSONObject()
        ) {
            self.containerID = containerID
            self.namespace = namespace
            self.interface = interface
            self.arguments = arguments
            self.runtimeConfig = runtimeConfig
        }

        /// The variables that tell plugins of it.
        var environment: [String: String] {
            let pairs = arguments.map { "\($0.key)=\($0.value)" }
            return [
                "CNI_CONTAINERID": containerID, "CNI_NETNS": namespace, "CNI_IFNAME": interface,
                "CNI_ARGS": (["IgnoreUnknown=1"] + pairs).joined(separator: ";"),
            ]
        }
    }

    /// ADD, plugin after plugin; where one fails, DEL for all of them, in reverse.
    ///
    /// - Returns: The last plugin's result; give it to `delete` later.
    public func add(_ list: CNINetworkList, _ attachment: Attachment) async throws(CNIError) -> JSONValue {
        var result: JSONValue?
        do throws(CNIError) {
            for plugin in list.plugins {
                let input = plugin.input(list, previous: result, runtimeConfig: attachment.runtimeConfig)
                let output = try await run(plugin, "ADD", attachment.environment, input)
                do throws(JSONError) {
                    result = try JSONValue(parsing: output)
                } catch {
                    throw CNIError(.decoding, "\(plugin.type) ADD: its result is \(error.message)")
                }
            }
        } catch {
            do throws(CNIError) {
                try await delete(list, attachment, result: result)
            } catch let second {
                throw CNIError(error.code, error.message, details: "and DEL after it: \(second.message)")
            }
            throw error
        }
        guard let result else {
            throw CNIError(.invalidConfiguration, "the network \(list.name) has no plugins")
        }
        return result
    }

    /// DEL, in reverse.
    ///
    /// All plugins are called, also after one has failed.
    ///
    /// `result`: what ADD gave, where it is still known.
    public func delete(
        _ list: CNINetworkList,
        _ attachment: Attachment,
        result: JSONValue?
    ) async throws(CNIError) {
        var first: CNIError?
        for plugin in list.plugins.reversed() {
            let input = plugin.input(list, previous: result, runtimeConfig: attachment.runtimeConfig)
            do throws(CNIError) {
                _ = try await run(plugin, "DEL", attachment.environment, input)
            } catch {
                first = first ?? error
            }
        }
        if let first { throw first }
    }

    /// Runs a plugin with variables of a command's own.
    func run(
        _ plugin: CNINetworkList.Plugin,
        _ command: String,
        _ variables: [String: String],
        _ input: [UInt8]
    ) async throws(CNIError) -> [UInt8] {
        let program = try find(plugin.type)
        var environment: [Environment.Key: String] = [
            "CNI_COMMAND": command, "CNI_PATH": folders.joined(separator: ":"),
            // Chained plugins of others run programs of their own.
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        ]
        for (name, value) in variables { environment[Environment.Key(stringLiteral: name)] = value }
        let told = environment
        let outcome: Outcome
        do {
            outcome = try await withThrowingTaskGroup(of: Outcome?.self) { group in
                group.addTask { try await Self.execute(program, told, input) }
                group.addTask { [seconds] in
                    try await Task.sleep(for: .seconds(seconds))
                    return nil
                }
                let first = try await group.next() ?? nil
                // Cancelling kills the program; the group waits until it is gone.
                group.cancelAll()
                guard let first else {
                    throw CNIError(.tryAgainLater, "\(plugin.type) \(command): no answer within \(seconds) s")
                }
                return first
            }
        } catch let error as CNIError {
            throw error
        } catch {
            throw CNIError(.io, "\(plugin.type) \(command): cannot run \(program): \(error)")
        }
        guard outcome.isSuccess else { throw Self.error(of: outcome, "\(plugin.type) \(command)") }
        return outcome.output
    }

    private struct Outcome: Sendable {
        let isSuccess: Bool
        let output: [UInt8]
        let errors: String
    }

    private static func execute(
        _ program: String,
        _ environment: [Environment.Key: String],
        _ input: [UInt8]
    ) async throws -> Outcome {
        let result = try await Subprocess.run(
            .path(FilePath(program)),
            environment: .custom(environment),
            input: .array(input),
            output: .bytes(limit: JSONValue.maximumSize),
            error: .string(limit: 1 << 20)
        )
        return Outcome(
            isSuccess: result.terminationStatus.isSuccess,
            output: result.standardOutput,
            errors: result.standardError
        )
    }

    func find(_ type: String) throws(CNIError) -> String {
        for folder in folders {
            let path = "\(folder)/\(type)"
            do {
                let file = try SystemPackage.FileDescriptor.open(FilePath(path), .readOnly)
                try file.close()
                return path
            } catch {
                continue
            }
        }
        throw CNIError(
            .invalidConfiguration,
            "there is no plugin \(type) in \(folders.joined(separator: ", ")); install it there or name its folder"
        )
    }

    /// The plugin's own error document, or what it wrote to standard error.
    private static func error(of outcome: Outcome, _ what: String) -> CNIError {
        do throws(JSONError) {
            let fields = try JSONFields(try JSONValue(parsing: outcome.output))
            let code = CNIError.Code(rawValue: try fields.integer("code", in: 0...Int.max)) ?? .internal
            return CNIError(
                code,
                "\(what): \(try fields.string("msg"))",
                details: try fields.optionalString("details") ?? ""
            )
        } catch {
            let last = outcome.errors.split(separator: "\n").last ?? "it failed and said nothing"
            return CNIError(.internal, "\(what): \(last)")
        }
    }
}
