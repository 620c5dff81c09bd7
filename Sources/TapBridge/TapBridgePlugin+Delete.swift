// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Attachments
import CLinux
public import CNIProtocol
import LinuxSystem
import NetworkTypes
import PreparedInterface

extension TapBridgePlugin {
    /// Takes tap and redirects away and puts the former attachment back into the record.
    ///
    /// Idempotent.
    public func delete(_ request: CNIRequest) throws(CNIError) {
        let configuration = try TapBridgeConfiguration(request.configuration)
        let key = InterfaceKey(containerID: request.containerID, interface: request.interface)
        try delete(key, namespace: request.namespace, configuration)
    }

    /// Deletes under the lock.
    ///
    /// `namespace`: the pod's, where the runtime tells it.
    func delete(
        _ key: InterfaceKey,
        namespace: String?,
        _ configuration: TapBridgeConfiguration
    ) throws(CNIError) {
        try locked(key, configuration, isUndo: true) { () throws(CNIError) in
            try deleteLocked(key, namespace: namespace, configuration)
        }
    }

    private func deleteLocked(
        _ key: InterfaceKey,
        namespace: String?,
        _ configuration: TapBridgeConfiguration
    ) throws(CNIError) {
        let store = configuration.store
        let record = try load(key, .record, configuration)
        let plan = try load(key, .plan, configuration)
        let isOurs = record?.former != nil
        var objects = isOurs ? record?.created ?? [] : plan?.former == nil ? [] : plan?.created ?? []
        if objects.isEmpty { objects = try derived(namespace, key) }
        try attaching { () throws(AttachmentError) in try Redirect.remove(objects) }
        // A plan of the plugin before is left to its own DEL.
        if plan == nil || plan?.former != nil {
            try files { () throws(SystemError) in try store.removePlan(key) }
        }
        guard isOurs, var interface = record, let former = interface.former else { return }
        if former.created.isEmpty, interface.port == nil {
            // The plugin before keeps no record here.
            return try files { () throws(SystemError) in try store.remove(key) }
        }
        interface.attachment = former.attachment
        interface.created = former.created
        interface.owner = former.owner
        interface.former = nil
        do throws(SystemError) {
            try store.save(record: interface)
        } catch {
            // On a full disk the record stays as it is: the DEL of the plugin before finds all that it made in there, too.
            guard error.isLackOfRoom else { throw CNIError(error) }
        }
    }

    /// Without record and plan: the tap that the names tell of, if the namespace is still there.
    private func derived(_ namespace: String?, _ key: InterfaceKey) throws(CNIError) -> [KernelObject] {
        guard let path = namespace else { return [] }
        let name = try Self.deviceName(key)
        return try attaching { () throws(AttachmentError) in
            guard let pod = try PodNamespace.existing(path) else { return [] }
            do throws(AttachmentError) {
                guard try Redirect.exists(name, in: pod) else { return [] }
            } catch {
                // A namespace of another kind can't be entered.
                guard case .system(let error) = error, error.errno == EINVAL else { throw error }
                return []
            }
            return [
                .link(name: name, namespace: pod.reference),
                .redirectFilter(device: key.interface, namespace: pod.reference),
            ]
        }
    }
}
