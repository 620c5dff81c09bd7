// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CRIServer
import PodRuntime
import Pods
import Resident

/// What Prometheus is told.
struct Metrics {
    var calls: [CallCounts.Key: Int]
    var gauges: RuntimeGauges
    /// How many images there are; nil where their store can't be read.
    var images: Int?
    /// What they take of the disk; nil where their store can't be read.
    var imageBytes: UInt64?

    /// The text format, version 0.0.4.
    var text: [UInt8] {
        var writer = MetricsWriter()
        writer.metric("contrail_vm_runtime_build_info", "gauge", "Version of vm-runtime; always 1.")
        writer.sample("contrail_vm_runtime_build_info", [("version", VMRuntime.version)], 1)
        let calls = "contrail_vm_calls_total"
        writer.metric(calls, "counter", "Calls at both sockets, by their result: ok, or the kind of failure.")
        for (key, count) in self.calls.sorted(by: {
            ($0.key.call, $0.key.result) < ($1.key.call, $1.key.result)
        }) {
            writer.sample(calls, [("call", key.call), ("result", key.result)], count)
        }
        writer.metric("contrail_vm_vms", "gauge", "VMs by their state.")
        for (state, count) in gauges.vms.sorted(by: { $0.key < $1.key }) {
            writer.sample("contrail_vm_vms", [("state", state)], count)
        }
        write(gauges.starts, to: &writer)
        let help = "Sandboxes of which something could not be removed yet; vm-runtime retries every 30 s."
        writer.single("contrail_vm_debts", "gauge", help, gauges.debts)
        if let images { writer.single("contrail_vm_images", "gauge", "Images in the store.", images) }
        if let imageBytes {
            let help = "What the image store takes of the disk, in bytes."
            writer.single("contrail_vm_image_bytes", "gauge", help, Int(clamping: imageBytes))
        }
        return writer.bytes
    }

    private func write(_ starts: StartDurations, to writer: inout MetricsWriter) {
        let name = "contrail_vm_start_duration_seconds"
        writer.metric(name, "histogram", "How long VMs took from StartContainer to running.")
        for (bound, count) in zip(StartDurations.bounds, starts.counts) {
            writer.sample("\(name)_bucket", [("le", Self.seconds(bound))], count)
        }
        writer.sample("\(name)_bucket", [("le", "+Inf")], starts.total)
        writer.sample("\(name)_sum", [], Self.seconds(starts.milliseconds))
        writer.sample("\(name)_count", [], starts.total)
    }

    private static func seconds(_ milliseconds: Int) -> String { "\(Double(milliseconds) / 1000)" }
}
