// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
public import CNIInvoker
import CNIProtocol
public import JSON

/// The plugins of this host, run as programs.
public struct InvokedPlugins: NetworkPlugins {
    private let invoker: CNIInvoker

    /// Plugins that an invoker finds.
    public init(_ invoker: CNIInvoker) { self.invoker = invoker }

    /// ADD, plugin after plugin.
    public func add(_ attachment: NetworkAttachment) async throws -> JSONValue {
        let operation = "attach \(attachment.interface.text)"
        do throws(CNIError) {
            return try await invoker.add(CNINetworkList(Array(attachment.list.utf8)), Self.told(attachment))
        } catch {
            throw MachineError(operation, Self.text(error))
        }
    }

    /// DEL, in reverse.
    public func delete(_ attachment: NetworkAttachment) async throws {
        let operation = "detach \(attachment.interface.text)"
        do throws(CNIError) {
            let list = try CNINetworkList(Array(attachment.list.utf8))
            try await invoker.delete(list, Self.told(attachment), result: attachment.result)
        } catch {
            throw MachineError(operation, Self.text(error))
        }
    }

    /// CHECK, plugin after plugin.
    public func check(_ attachment: NetworkAttachment) async throws {
        guard let result = attachment.result else { return }
        do throws(CNIError) {
            let list = try CNINetworkList(Array(attachment.list.utf8))
            try await invoker.check(list, Self.told(attachment), result: result)
        } catch {
            throw MachineError("check \(attachment.interface.text)", Self.text(error))
        }
    }

    /// Looks for the programs.
    public func find(list: String) throws {
        do throws(CNIError) {
            try invoker.find(CNINetworkList(Array(list.utf8)))
        } catch {
            throw MachineError("use the network", Self.text(error))
        }
    }

    /// STATUS, plugin after plugin.
    public func status(list: String) async throws {
        do throws(CNIError) {
            try await invoker.status(CNINetworkList(Array(list.utf8)))
        } catch {
            throw MachineError("ask the network's plugins", Self.text(error))
        }
    }

    /// GC, of those plugins that know a runtime's things from another's.
    public func collectGarbage(
        list: String,
        of runtime: String,
        keeping valid: [(containerID: String, interface: String)]
    ) async throws {
        do throws(CNIError) {
            try await invoker.collectGarbage(
                CNINetworkList(Array(list.utf8)),
                keeping: valid,
                capability: "vmInterface",
                runtimeConfig: JSONObject([
                    ("vmInterface", .object(JSONObject([("runtime", .string(runtime))])))
                ])
            )
        } catch {
            throw MachineError("collect garbage", Self.text(error))
        }
    }

    private static func told(_ attachment: NetworkAttachment) -> CNIInvoker.Attachment {
        // A namespace that is gone is told as such, so that plugins do not stumble over the path, or what is left there.
        let namespace = NamedNamespace.isAlive(attachment.namespace) ? attachment.namespace : ""
        return CNIInvoker.Attachment(
            containerID: attachment.containerID.text,
            namespace: namespace,
            interface: attachment.interface.text,
            arguments: [
                ("K8S_POD_NAMESPACE", attachment.podNamespace), ("K8S_POD_NAME", attachment.podName),
                ("K8S_POD_INFRA_CONTAINER_ID", attachment.containerID.text),
            ] + (attachment.podUID.isEmpty ? [] : [("K8S_POD_UID", attachment.podUID)]),
            runtimeConfig: JSONObject(
                [("vmInterface", attachment.vmInterface.json)]
                    + attachment.capabilities.members.map { ($0.key, $0.value) }
            )
        )
    }

    private static func text(_ error: CNIError) -> String {
        error.details.isEmpty ? error.message : "\(error.message) (\(error.details))"
    }
}
