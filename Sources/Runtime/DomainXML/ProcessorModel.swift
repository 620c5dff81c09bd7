// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// A processor in libvirt's words. See https://libvirt.org/formatdomain.html#cpu-model-and-topology
public struct ProcessorModel: Hashable, Sendable {
    /// How it is chosen; `custom` where a model is named.
    public var mode: Mode?
    /// How close the node's must be to it.
    public var match: Match?
    /// A model's name, like `Skylake-Server`.
    public var model: String?
    /// What counts where the node does not know the model.
    public var fallback: Fallback?
    /// Features beside the model's.
    public var features: [Feature] = []

    /// How a processor is chosen.
    public enum Mode: String, CaseIterable, Sendable {
        /// By its model.
        case custom
        /// Like the node's.
        case hostModel = "host-model"
        /// The node's own.
        case hostPassthrough = "host-passthrough"
        /// All that the accelerator can do.
        case maximum
    }

    /// How close a processor must be.
    public enum Match: String, CaseIterable, Sendable {
        /// At least so able.
        case minimum
        /// Exactly so able.
        case exact
        /// So able, and the node's no more.
        case strict
    }

    /// What counts where a model is not known.
    public enum Fallback: String, CaseIterable, Sendable {
        /// The nearest that is.
        case allow
        /// None.
        case forbid
    }

    /// A feature and whether the guest has it.
    public struct Feature: Hashable, Sendable {
        /// Its name, like `vmx`.
        public var name: String
        /// Whether the guest has it.
        public var policy: Policy

        /// Whether a guest has a feature.
        public enum Policy: String, CaseIterable, Sendable {
            /// It has, whatever the node has.
            case force
            /// It must.
            case require
            /// Where the node has it.
            case optional
            /// It has not.
            case disable
            /// It has not, and the node must not either.
            case forbid
        }

        /// A feature.
        public init(name: String, policy: Policy) {
            self.name = name
            self.policy = policy
        }
    }

    /// One of which nothing is told yet.
    public init() {}

    var element: XMLElement {
        var attributes: [(String, String)] = []
        if let mode { attributes.append(("mode", mode.rawValue)) }
        if let match { attributes.append(("match", match.rawValue)) }
        var children: [XMLElement] = []
        if let model {
            children.append(
                XMLElement("model", fallback.map { [("fallback", $0.rawValue)] } ?? [], text: model)
            )
        }
        for feature in features {
            children.append(
                XMLElement("feature", [("policy", feature.policy.rawValue), ("name", feature.name)])
            )
        }
        return XMLElement("cpu", attributes, children)
    }
}
