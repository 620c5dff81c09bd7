// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Attachments
import CLinux
public import CNIProtocol
import LinuxSystem
import NetworkTypes
import PluginFloor
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
        let record = try store.readable(key, .record)
        let plan = try store.readable(key, .plan)
        let isOurs = record?.former != nil
        var objects = isOurs ? record?.created ?? [] : plan?.former == nil ? [] : plan?.created ?? []
        if objects.isEmpty { objects = try derived(namespace, key) }
        try attaching { () throws(AttachmentError) in try Redirect.remove(objects) }
        // A plan of the plugin before is left to its own DEL.
        if plan == nil || plan?.former != nil {
            try files { () throws(SystemError) in try store.removePlan(key) }
        }
        guard isOurs, let record, let former = Redirect.restore(record) else { return }
        if former.created.isEmpty, former.port == nil {
            // The plugin before keeps no record here.
            return try files { () throws(SystemError) in try store.remove(key) }
        }
        do throws(SystemError) {
            try store.save(record: former)
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
            try Redirect.remains(of: name, veth: key.interface, in: path)
        }
    }
}
