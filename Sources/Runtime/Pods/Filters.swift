// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// Which sandboxes a caller wants to see: those to which all of it applies.
public struct PodSandboxFilter: Hashable, Sendable {
    /// An id or the beginning of one; nil for any.
    public var id: String?
    /// The state; nil for any.
    public var state: PodSandboxState?
    /// Labels that it must have, with these values.
    public var labels: [String: String]

    /// A filter.
    public init(id: String? = nil, state: PodSandboxState? = nil, labels: [String: String] = [:]) {
        self.id = id
        self.state = state
        self.labels = labels
    }

    /// The sandboxes to which all of it applies, in their order.
    ///
    /// The beginning of an id counts only where no second sandbox has it: nobody asked for two.
    public func apply(to sandboxes: [PodSandbox]) -> [PodSandbox] {
        let wanted = IdentifierMatch(id, in: sandboxes.map(\.id))
        return sandboxes.filter { sandbox in
            wanted.admits(sandbox.id) && (state == nil || state == sandbox.state)
                && sandbox.labels.has(labels)
        }
    }
}

/// Which containers a caller wants to see: those to which all of it applies.
public struct ContainerFilter: Hashable, Sendable {
    /// An id or the beginning of one; nil for any.
    public var id: String?
    /// Their sandbox's id or the beginning of it; nil for any.
    public var sandboxID: String?
    /// The state; nil for any.
    public var state: ContainerState?
    /// Labels that it must have, with these values.
    public var labels: [String: String]

    /// A filter.
    public init(
        id: String? = nil,
        sandboxID: String? = nil,
        state: ContainerState? = nil,
        labels: [String: String] = [:]
    ) {
        self.id = id
        self.sandboxID = sandboxID
        self.state = state
        self.labels = labels
    }

    /// The containers to which all of it applies, in their order.
    public func apply(to containers: [Container]) -> [Container] {
        let wanted = IdentifierMatch(id, in: containers.map(\.id))
        let sandbox = IdentifierMatch(sandboxID, in: containers.map(\.sandboxID))
        return containers.filter { container in
            wanted.admits(container.id) && sandbox.admits(container.sandboxID)
                && (state == nil || state == container.state) && container.labels.has(labels)
        }
    }
}

/// What an id, or the beginning of one, as people type it to crictl, means among ids.
public enum IdentifierMatch: Hashable, Sendable {
    /// Any id: none was given.
    case any
    /// This one.
    case one(String)
    /// No id: it is none's beginning.
    case none
    /// Several ids begin so, and it is none of them itself.
    case ambiguous

    /// Finds out what a text means; a whole id always means itself.
    public init(_ text: String?, in ids: some Sequence<String>) {
        guard let text, !text.isEmpty else {
            self = .any
            return
        }
        var found = IdentifierMatch.none
        for id in ids where id.utf8.starts(with: text.utf8) {
            if id.utf8.count == text.utf8.count {
                self = .one(id)
                return
            }
            switch found {
            case .none: found = .one(id)
            case .one(let other) where other != id: found = .ambiguous
            default: break
            }
        }
        self = found
    }

    func admits(_ id: String) -> Bool {
        switch self {
        case .any: true
        case .one(let wanted): wanted == id
        case .none, .ambiguous: false
        }
    }
}

extension [String: String] {
    /// Whether all of these are among them.
    ///
    /// Byte by byte: Swift's own comparison takes composed and decomposed letters for the same.
    fileprivate func has(_ others: [String: String]) -> Bool {
        others.allSatisfy { name, value in
            guard let index = index(forKey: name) else { return false }
            return self[index].key.utf8.elementsEqual(name.utf8)
                && self[index].value.utf8.elementsEqual(value.utf8)
        }
    }
}
