// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Attachments
public import CNIProtocol
import JSON
import LinuxSystem
import NetworkTypes
import PluginFloor
import PreparedInterface

extension TapBridgePlugin {
    /// Compares tap, qdiscs and redirects with the record.
    ///
    /// A container without a tap of ours passes.
    public func check(_ request: CNIRequest) throws(CNIError) {
        let configuration = try TapBridgeConfiguration(request.configuration)
        let key = InterfaceKey(containerID: request.containerID, interface: request.interface)
        let vm = try VMInterfaceRequest.find(request, runFolder: configuration.runFolder)
        try locked(key, configuration) { () throws(CNIError) in
            var differences = Differences()
            if let record = try configuration.store.readable(key, .record) {
                guard record.former != nil, case .tap(let tap) = record.attachment else { return }
                try check(tap, record, request, &differences)
            } else if vm != nil {
                differences.note(key.interface.text, "there is no record of it")
            }
            try differences.requireNone()
        }
    }

    private func check(
        _ tap: Attachment.Tap,
        _ record: PreparedInterface,
        _ request: CNIRequest,
        _ differences: inout Differences
    ) throws(CNIError) {
        let name = record.key.interface
        let expected = try configuring { () throws(JSONError) in
            try Expectation(name, record.guest, request.configuration.previous)
        }
        do throws(AttachmentError) {
            if let pod = try PodNamespace.existing(tap.namespace), pod.path == request.namespace {
                try Redirect.check(
                    tap,
                    veth: name,
                    expected,
                    in: pod,
                    &differences
                )
            } else {
                let path = request.namespace ?? ""
                differences.note(tap.name.text, "\(path) is not the namespace that it was made in")
            }
        } catch {
            throw CNIError(error)
        }
        do throws(JSONError) {
            let devices = try request.configuration.previous?.interfaces() ?? []
            if !devices.contains(where: { $0.name == tap.name.text }) {
                differences.note(tap.name.text, "it is not in prevResult")
            }
        } catch {
            differences.note("prevResult", error.message)
        }
    }

    /// Removes the taps of this network and this runtime that no valid attachment needs.
    public func collectGarbage(
        keeping valid: [CNIAttachment],
        _ configuration: CNIConfiguration
    ) throws(CNIError) {
        let bridge = try TapBridgeConfiguration(configuration)
        let owner = try VMInterfaceRequest.owner(ofGarbageIn: configuration)
        let store = bridge.store
        let garbage = Garbage(of: configuration, owner, keeping: valid)
        try garbage.collect(from: store) { container, names, failures throws(CNIError) in
            for name in names {
                let key = InterfaceKey(containerID: container, interface: name)
                do throws(CNIError) {
                    var saved = try store.readable(key, .record)
                    if saved?.former == nil { saved = try store.readable(key, .plan) }
                    guard let saved, saved.former != nil, garbage.includes(saved, addedWith: name) else {
                        continue
                    }
                    try delete(key, namespace: nil, bridge)
                } catch {
                    failures.append(error.message)
                }
            }
        }
    }
}
