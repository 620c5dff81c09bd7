// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// A pod of the configuration file or of a control message.
struct PodConfiguration: Sendable {
    let machine: VirtualMachine
    let interfaces: [VirtualInterface]
    /// Whether it says what its interfaces are, though it be none; else one is made for it.
    let namesInterfaces: Bool

    private static let keys: Set<String> = [
        "cluster", "namespace", "name", "uuid", "uid", "interfaces",
    ]

    init(_ json: AgentJSON, at place: String, networks: [VirtualNetwork]) throws(ConfigurationError) {
        let reader = try ObjectReader(json, at: place, keys: Self.keys)
        let pod = PodName(
            cluster: try reader.text("cluster") ?? "k8s",
            namespace: try reader.text("namespace") ?? "default",
            pod: try reader.required("name")
        )
        // Kubernetes says uid, the agent says uuid of the machine.
        guard reader.json("uuid") == nil || reader.json("uid") == nil else {
            throw reader.error("uid", "is what uuid means: give one of them")
        }
        let id = try reader.requiredUUID(reader.json("uid") == nil ? "uuid" : "uid")
        namesInterfaces = reader.json("interfaces") != nil
        machine = VirtualMachine(id: id, name: Bytes(pod.text))
        let list = try reader.list("interfaces")
        var interfaces: [VirtualInterface] = []
        for (index, (json, place)) in list.enumerated() {
            let position = Position(pod: pod, machine: id, index: index, total: list.count)
            interfaces.append(try VirtualInterface(json, at: place, position: position, networks: networks))
        }
        self.interfaces = interfaces
    }

    /// Where an interface stands in its pod.
    struct Position {
        let pod: PodName
        let machine: AgentUUID
        let index: Int
        let total: Int
    }
}

extension VirtualInterface {
    private static let keys: Set<String> = [
        "network", "vmi", "mac", "v4", "v6", "index", "vlan", "parent", "annotations",
    ]

    fileprivate init(
        _ json: AgentJSON,
        at place: String,
        position: PodConfiguration.Position,
        networks: [VirtualNetwork]
    ) throws(ConfigurationError) {
        let reader = try ObjectReader(json, at: place, keys: Self.keys)
        let name = try reader.required("network")
        guard let network = networks.first(where: { $0.name == name || $0.id.text == name }) else {
            throw reader.error("network", "no network is called \(name)")
        }
        id = try reader.requiredUUID("vmi")
        machine = position.machine
        self.network = network.id
        mac = try reader.text("mac").map(Bytes.init) ?? Provisioner.mac(of: id)
        v4 = try reader.text("v4").map(Bytes.init).flatMap(IPv4.init)
        v6 = try reader.text("v6").map(Bytes.init).flatMap(IPv6.init)
        if v4 == nil, reader.json("v4") != nil { throw reader.error("v4", "is not an IPv4 address") }
        if v6 == nil, reader.json("v6") != nil { throw reader.error("v6", "is not an IPv6 address") }
        vlanTag = try reader.number("vlan", in: 0...65535) ?? 65535
        parent = try reader.uuid("parent")
        let index = try reader.number("index", in: 0...1023) ?? position.index
        annotations = position.pod.annotations(
            index: index,
            total: position.total,
            network: index == 0 ? "default" : network.shortName
        )
        try merge(reader)
    }

    /// Given annotations replace those of the same key; an empty object removes all.
    private mutating func merge(_ reader: ObjectReader) throws(ConfigurationError) {
        guard let json = reader.json("annotations") else { return }
        guard case .object(let members) = json else { throw reader.error("annotations", "must be an object") }
        if members.isEmpty { annotations = [] }
        for member in members {
            guard let value = member.value.cString else {
                throw reader.error("annotations.\(member.key.text)", "must be a string")
            }
            let annotation = Annotation(key: member.key, value: value)
            if let place = annotations.firstIndex(where: { $0.key == member.key }) {
                annotations[place] = annotation
            } else {
                annotations.append(annotation)
            }
        }
    }
}
