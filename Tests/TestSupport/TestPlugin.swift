// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A pod of a test's own and the calls of plugins for it.
public final class TestPod {
    /// The pod's name.
    public let name: String
    /// The sandbox's id.
    public let containerID: String
    /// Its namespace.
    public let namespace: TestNamespace
    private let node: TestNamespace

    /// A pod on a node; another sandbox of the same pod has the same name.
    public init(_ name: String, on node: TestNamespace, sandbox: String = "1") throws {
        self.name = name
        self.node = node
        containerID = "\(name)-sandbox-\(sandbox)"
        namespace = try TestNamespace("pod")
    }

    /// Runs a plugin for the pod.
    ///
    /// `variables` replace what the runtime would set; an empty value takes one away.
    @discardableResult
    public func call(
        _ plugin: String,
        _ command: String,
        _ configuration: String,
        variables: [String: String] = [:],
        wrapper: [String] = [],
        seconds: Double = 60
    ) throws -> TestProgram.Outcome {
        var environment = [
            "CNI_COMMAND": command, "CNI_CONTAINERID": containerID, "CNI_NETNS": namespace.path,
            "CNI_IFNAME": "eth0", "CNI_PATH": "/usr/lib/cni",
            "CNI_ARGS": "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=\(name)",
        ]
        for (key, value) in variables { environment[key] = value.isEmpty ? nil : value }
        let program = plugin.hasPrefix("/") ? plugin : TestPrograms.plugin(plugin)
        return try node.run(
            wrapper + [program],
            environment: environment,
            input: configuration,
            seconds: seconds
        )
    }
}

extension TestProgram.Outcome {
    /// Standard output as one JSON document.
    public func document() throws -> [String: Any] {
        guard let object = try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any] else {
            throw TestProgram.Failure(description: "no JSON object: \(output)")
        }
        return object
    }
}
