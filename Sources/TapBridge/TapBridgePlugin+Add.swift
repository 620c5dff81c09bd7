// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Attachments
public import CNIProtocol
import JSON
import LinuxSystem
import Netlink
import NetworkTypes
import PluginFloor
import PreparedInterface

extension TapBridgePlugin {
    /// Makes a tap beside the veth and redirects frames between them.
    public func add(_ request: CNIRequest) throws(CNIError) -> CNIResult {
        let configuration = try TapBridgeConfiguration(request.configuration)
        guard let previous = request.configuration.previous else {
            throw CNIError(
                .invalidConfiguration,
                "prevResult is missing: tap-bridge must come after the plugin that makes the interface, in one list"
            )
        }
        guard let vm = try VMInterfaceRequest.find(request, runFolder: configuration.runFolder) else {
            return previous
        }
        try vm.require(.tap, "tap-bridge joins a veth to a tap")
        let key = InterfaceKey(containerID: request.containerID, interface: request.interface)
        let pod = try PodReference(request)
        return try locked(key, configuration) { () throws(CNIError) in
            try add(request, key, pod, vm, previous, configuration)
        }
    }

    private func add(
        _ request: CNIRequest,
        _ key: InterfaceKey,
        _ reference: PodReference,
        _ vm: VMInterfaceRequest,
        _ previous: CNIResult,
        _ configuration: TapBridgeConfiguration
    ) throws(CNIError) -> CNIResult {
        let store = configuration.store
        let former = try store.readable(key, .record)
        if case .tap(let tap)? = former?.attachment {
            // The plugin before was asked for a tap, too, and made one that needs no joining.
            if tap.joinedBy == .direct { return previous }
            throw CNIError(
                .internal,
                "the VM has tap \(tap.name.text) for \(key.interface.text) already; run DEL before another ADD"
            )
        }
        // A VLAN that the guest makes itself needs no device.
        if case .vlan(let vlan)? = former?.attachment, vlan.namespace == nil { return previous }
        let pod: PodNamespace
        do throws(AttachmentError) { pod = try PodNamespace(request.namespace ?? "") } catch {
            throw CNIError(error)
        }
        let veth: ObservedInterface
        do throws(AttachmentError) { veth = try Redirect.examine(key.interface, in: pod) } catch {
            throw CNIError(error)
        }
        let tap = Attachment.Tap(
            name: try Self.deviceName(key),
            namespace: pod.reference,
            isMultiQueue: true,
            mostQueues: vm.queues,
            hasVnetHeader: true,
            ownerUID: vm.ownerUID,
            joinedBy: .redirect
        )
        var interface = try describe(
            request,
            key,
            reference,
            vm,
            previous,
            former,
            veth: veth,
            in: pod.reference
        )
        interface.attachment = .tap(tap)
        interface.created = [
            .link(name: tap.name, namespace: pod.reference),
            .ingressQdisc(device: key.interface, namespace: pod.reference),
        ]
        let plan = interface
        try files { () throws(SystemError) in try store.save(plan: plan) }
        do throws(AttachmentError) {
            interface.created = try Redirect.make(tap, veth: key.interface, mtu: veth.link.mtu, in: pod)
        } catch {
            let failures = undo(plan, former, store)
            throw CNIError(
                .internal,
                error.message,
                details: failures.isEmpty
                    ? "" : "and this could not be undone: \(failures.joined(separator: "; "))"
            )
        }
        let record = interface
        do throws(SystemError) {
            try store.save(record: record)
        } catch {
            let failures = undo(plan, former, store)
            throw CNIError(.io, error.message, details: failures.joined(separator: "; "))
        }
        var result = previous
        result.append(.init(name: tap.name.text, mtu: veth.link.mtu, sandbox: request.namespace))
        return result
    }

    /// Removes what was made, and puts back the record that was there before.
    private func undo(
        _ plan: PreparedInterface,
        _ former: PreparedInterface?,
        _ store: InterfaceStore
    ) -> [String] {
        [
            deviceFailure { () throws(AttachmentError) in try Redirect.remove(plan.created) },
            fileFailure { () throws(SystemError) in
                if let former { try store.save(record: former) } else { try store.remove(plan.key) }
            },
        ].compactMap { $0 }
    }

    /// The interface as the plugins before left it: by their record or result, and what the kernel has.
    private func describe(
        _ request: CNIRequest,
        _ key: InterfaceKey,
        _ pod: PodReference,
        _ vm: VMInterfaceRequest,
        _ previous: CNIResult,
        _ former: PreparedInterface?,
        veth: ObservedInterface,
        in namespace: NamespaceReference
    ) throws(CNIError) -> PreparedInterface {
        guard let mac = veth.link.mac else {
            throw CNIError(
                .internal,
                "interface \(veth.link.name) has no Ethernet address: a VM can't use it"
            )
        }
        let description = try configuring { () throws(JSONError) in
            try GuestDescription(key.interface, veth, previous)
        }
        if var interface = former {
            interface.former = .init(
                attachment: interface.attachment,
                created: interface.created,
                owner: interface.owner
            )
            interface.owner = vm.runtime
            interface.guest.mac = mac
            interface.guest.mtu = veth.link.mtu
            try description.complete(&interface.guest)
            return interface
        }
        let bootID = try files { () throws(SystemError) in try Host.bootID() }
        var guest = GuestConfiguration(mac: mac, mtu: veth.link.mtu, dhcp: .nobody)
        try description.complete(&guest)
        let attachment = Attachment.veth(Attachment.Veth(host: nil, namespace: namespace))
        return PreparedInterface(
            key: key,
            owner: vm.runtime,
            network: NetworkReference(name: request.configuration.name),
            pod: pod,
            bootID: BootID(bootID),
            index: 0,
            guest: guest,
            attachment: attachment,
            created: [],
            former: .init(attachment: attachment, created: [], owner: vm.runtime)
        )
    }
}

extension PodReference {
    /// The pod that CNI_ARGS names, if any: other plugins' networks need not have pods.
    init(_ request: CNIRequest) throws(CNIError) {
        self.init(
            cluster: "",
            namespace: try Self.name("K8S_POD_NAMESPACE", request) ?? "",
            name: try Self.name("K8S_POD_NAME", request) ?? "",
            uid: try Self.name("K8S_POD_UID", request)
        )
    }

    /// A name in CNI_ARGS, if it is there: a record with any other could not be read again.
    private static func name(_ key: String, _ request: CNIRequest) throws(CNIError) -> String? {
        guard let name = request.argument(key) else { return nil }
        guard isIdentifier(name) else {
            throw CNIError(.invalidEnvironment, "CNI_ARGS: \(key) is not a Kubernetes name")
        }
        return name
    }
}
