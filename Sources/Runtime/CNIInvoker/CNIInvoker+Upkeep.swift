// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import CNIProtocol
public import JSON

/// The verbs beside ADD and DEL; plugins whose list speaks an older version of CNI than a verb's are not asked.
extension CNIInvoker {
    /// CHECK, plugin after plugin: whether an attachment is as ADD left it.
    ///
    /// `result`: what ADD gave.
    /// - Throws: What the first plugin that finds a difference says.
    public func check(
        _ list: CNINetworkList,
        _ attachment: Attachment,
        result: JSONValue
    ) async throws(CNIError) {
        guard list.version >= .v040, !list.isCheckDisabled else { return }
        for plugin in list.plugins {
            let input = plugin.input(list, previous: result, runtimeConfig: attachment.runtimeConfig)
            _ = try await run(plugin, "CHECK", attachment.environment, input)
        }
    }

    /// Looks for the programs of all plugins of a list.
    public func find(_ list: CNINetworkList) throws(CNIError) {
        for plugin in list.plugins { _ = try find(plugin.type) }
    }

    /// STATUS, plugin after plugin: whether the network can serve an ADD.
    ///
    /// - Throws: What the first plugin that can't says.
    public func status(_ list: CNINetworkList) async throws(CNIError) {
        guard list.version >= .v110 else { return }
        for plugin in list.plugins {
            let input = plugin.input(list, previous: nil, runtimeConfig: JSONObject())
            _ = try await run(plugin, "STATUS", [:], input)
        }
    }

    /// GC: plugins remove what the named attachments do not need.
    ///
    /// Only plugins that declare `capability` are asked, which by it know whose things are whose: any other plugin
    /// would take the attachments of the other runtimes of this node for garbage.
    /// - Throws: What the first plugin that failed says, after all were asked.
    public func collectGarbage(
        _ list: CNINetworkList,
        keeping valid: [(containerID: String, interface: String)],
        capability: String,
        runtimeConfig: JSONObject
    ) async throws(CNIError) {
        guard list.version >= .v110, !list.isGCDisabled else { return }
        let attachments = JSONValue.array(
            valid.map { entry in
                .object(
                    JSONObject([
                        ("containerID", .string(entry.containerID)), ("ifname", .string(entry.interface)),
                    ])
                )
            }
        )
        var first: CNIError?
        for plugin in list.plugins where plugin.capabilities.contains(capability) {
            let input = plugin.input(
                list,
                previous: nil,
                runtimeConfig: runtimeConfig,
                // The second key is the older one.
                besides: [("cni.dev/valid-attachments", attachments), ("cni.dev/attachments", attachments)]
            )
            do throws(CNIError) {
                _ = try await run(plugin, "GC", [:], input)
            } catch {
                first = first ?? error
            }
        }
        if let first { throw first }
    }
}
