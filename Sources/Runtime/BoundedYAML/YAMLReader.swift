// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// Reads YAML and JSON from outside, within bounds and in linear time, whatever is in it.
///
/// libyaml yields a document's events one by one; the tree is made here, where aliases are counted before they are put
/// in place, as values and as keys.
public struct YAMLReader {
    private let events: YAMLEvents
    private var anchors: [String: Weighed] = [:]
    private var budget: YAMLBudget

    /// A node and what it weighs with all that is in it.
    private struct Weighed {
        let node: YAMLNode
        var bytes = 0
        var keys = 0
        var nodes = 1
        var levels = 1

        init(_ node: YAMLNode) { self.node = node }

        mutating func add(_ part: Weighed) {
            bytes += part.bytes
            keys += part.keys
            nodes += part.nodes
            levels = max(levels, part.levels + 1)
        }

        func with(_ node: YAMLNode) -> Weighed {
            var result = Weighed(node)
            (result.bytes, result.keys, result.nodes, result.levels) = (bytes, keys, nodes, levels)
            return result
        }
    }

    /// What a document means; nil where it is empty or null.
    ///
    /// - Throws: What is wrong with it, or the bound of the budget that it exceeds.
    public static func document(_ text: String, _ budget: inout YAMLBudget) throws(YAMLError) -> YAMLNode? {
        try budget.take(bytes: text.utf8.count, levels: 0, at: nil)
        var reader = YAMLReader(events: try YAMLEvents(text), budget: budget)
        defer { budget = reader.budget }
        guard let node = try reader.root(), !node.isNull else { return nil }
        return node
    }

    private init(events: YAMLEvents, budget: YAMLBudget) {
        self.events = events
        self.budget = budget
    }

    private mutating func root() throws(YAMLError) -> YAMLNode? {
        while true {
            let event = try events.next()
            switch event.kind {
            case .begin: continue
            case .end: return nil
            default:
                let root = try node(event, level: 1)
                while true {
                    let event = try events.next()
                    switch event.kind {
                    case .documentEnd: continue
                    case .end: return root.node
                    default: throw YAMLError("a second document begins, and one is expected", at: event.place)
                    }
                }
            }
        }
    }

    private mutating func node(_ event: YAMLEvents.Event, level: Int) throws(YAMLError) -> Weighed {
        switch event.kind {
        case .alias(let name):
            guard let target = anchors[name] else {
                throw YAMLError("an alias names no anchor before it", at: event.place)
            }
            try budget.take(
                bytes: target.bytes,
                keys: target.keys,
                nodes: target.nodes,
                levels: level + target.levels - 1,
                at: event.place
            )
            return target
        case .scalar(let text, let isPlain):
            try begin(event, level)
            var weighed = Weighed(.scalar(try scalar(text, isPlain, event)))
            weighed.bytes = text.utf8.count
            return keep(weighed, event)
        case .list:
            try begin(event, level)
            return keep(try list(level: level), event)
        case .map:
            try begin(event, level)
            return keep(try map(level: level), event)
        case .begin, .documentEnd, .collectionEnd, .end:
            throw YAMLError("a value is expected", at: event.place)
        }
    }

    private mutating func begin(_ event: YAMLEvents.Event, _ level: Int) throws(YAMLError) {
        try budget.take(nodes: 1, levels: level, at: event.place)
        if budget.nodes % 256 == 0 { try budget.checkTime(at: event.place) }
        switch (event.kind, event.tag) {
        case (_, nil), (_, "!"), (.list, "tag:yaml.org,2002:seq"), (.map, "tag:yaml.org,2002:map"),
            (.scalar, "tag:yaml.org,2002:str"):
            break
        default:
            throw YAMLError(
                "a tag can't be kept; leave it out, and instead of !!binary write encoding: b64",
                at: event.place
            )
        }
    }

    private mutating func keep(_ weighed: Weighed, _ event: YAMLEvents.Event) -> Weighed {
        if let anchor = event.anchor { anchors[anchor] = weighed }
        return weighed
    }

    private func scalar(
        _ text: String,
        _ isPlain: Bool,
        _ event: YAMLEvents.Event
    ) throws(YAMLError) -> YAMLScalar {
        YAMLScalar(text, isPlain: isPlain && event.tag != "tag:yaml.org,2002:str", at: event.place)
    }

    private mutating func list(level: Int) throws(YAMLError) -> Weighed {
        var items: [YAMLNode] = []
        var sum = Weighed(.list([]))
        while true {
            let event = try events.next()
            if case .collectionEnd = event.kind { break }
            let item = try node(event, level: level + 1)
            sum.add(item)
            items.append(item.node)
        }
        return sum.with(.list(items))
    }

    private mutating func map(level: Int) throws(YAMLError) -> Weighed {
        var map = YAMLMap()
        // What `<<` names, as https://yaml.org/type/merge.html has it: what is appended to a list of the map would
        // otherwise hide the one that is merged.
        var sources: [(node: YAMLNode, place: YAMLPlace)] = []
        var sum = Weighed(.list([]))
        while true {
            let event = try events.next()
            if case .collectionEnd = event.kind { break }
            let key = try node(event, level: level + 1)
            let value = try node(try events.next(), level: level + 1)
            try budget.take(keys: 1, levels: level, at: event.place)
            sum.add(key)
            sum.add(value)
            sum.keys += 1
            guard case .scalar(let name) = key.node else {
                throw YAMLError("a key is no text", at: event.place)
            }
            guard name.text.utf8.count <= YAMLMap.longestKey else {
                throw YAMLError("a key is longer than \(YAMLMap.longestKey) bytes", at: event.place)
            }
            if name.isPlain, name.text == "<<" {
                sources.append((value.node, event.place))
            } else if !map.add(name, value.node) {
                throw YAMLError("a key stands twice", at: event.place, key: name.text)
            }
        }
        for source in sources {
            for node in source.node.list ?? [source.node] {
                guard case .map(let merged) = node else {
                    throw YAMLError("<< takes maps only", at: source.place)
                }
                for entry in merged { _ = map.add(entry.key, entry.value) }
            }
        }
        return sum.with(.map(map))
    }
}
