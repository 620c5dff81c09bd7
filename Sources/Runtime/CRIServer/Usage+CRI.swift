// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CRIMessages
import Pods
import SwiftProtobuf

extension CRIContainerStats {
    init(_ usage: ContainerUsage) {
        self.init()
        let container = usage.container
        // kubelet dereferences attributes and metadata without a look.
        attributes.id = container.id
        attributes.metadata = CRIContainerMetadata(container.metadata)
        attributes.labels = container.labels
        attributes.annotations = container.annotations
        if let layer = usage.writableLayer { writableLayer = CRIFilesystemUsage(layer) }
        guard let group = usage.group else { return }
        if let cpu = CRICpuUsage(group) { self.cpu = cpu }
        if let memory = group.memory {
            self.memory = CRIMemoryUsage(memory, at: group.measuredAt)
            if let swap = CRISwapUsage(memory, at: group.measuredAt) { self.swap = swap }
        }
        if let io = CRIIoUsage(group) { self.io = io }
    }
}

extension CRIPodSandboxStats {
    init(_ usage: PodSandboxUsage) {
        self.init()
        let sandbox = usage.sandbox
        attributes.id = sandbox.id
        attributes.metadata = CRIPodSandboxMetadata(sandbox.metadata)
        attributes.labels = sandbox.labels
        attributes.annotations = sandbox.annotations
        var linux = CRILinuxPodSandboxStats()
        linux.containers = usage.containers.map { CRIContainerStats($0) }
        if let first = usage.interfaces.first {
            linux.network.timestamp = usage.interfacesMeasuredAt
            linux.network.defaultInterface = CRINetworkInterfaceUsage(first)
            linux.network.interfaces = usage.interfaces.map { CRINetworkInterfaceUsage($0) }
        }
        if let group = usage.group {
            if let cpu = CRICpuUsage(group) { linux.cpu = cpu }
            if let memory = group.memory { linux.memory = CRIMemoryUsage(memory, at: group.measuredAt) }
            if let processes = group.processes {
                linux.process.timestamp = group.measuredAt
                linux.process.processCount.value = processes
            }
            if let io = CRIIoUsage(group) { linux.io = io }
        }
        // It is always there: kubelet dereferences it without a look.
        self.linux = linux
    }
}

extension CRICpuUsage {
    init?(_ group: GroupUsage) {
        self.init()
        guard let nanoseconds = group.cpuNanoseconds else { return nil }
        timestamp = group.measuredAt
        usageCoreNanoSeconds.value = nanoseconds
        if let rate = group.cpuNanosecondsPerSecond { usageNanoCores.value = rate }
        if let pressure = group.cpuPressure { psi = CRIPsiStats(pressure) }
    }
}

extension CRIMemoryUsage {
    init(_ memory: MemoryUsage, at time: Int64) {
        self.init()
        timestamp = time
        usageBytes.value = memory.used
        workingSetBytes.value = memory.workingSet
        availableBytes.value = memory.available
        rssBytes.value = memory.resident
        pageFaults.value = memory.pageFaults
        majorPageFaults.value = memory.majorPageFaults
        if let pressure = memory.pressure { psi = CRIPsiStats(pressure) }
    }
}

extension CRISwapUsage {
    init?(_ memory: MemoryUsage, at time: Int64) {
        self.init()
        guard let used = memory.swapUsed else { return nil }
        timestamp = time
        swapUsageBytes.value = used
        swapAvailableBytes.value = memory.swapAvailable ?? 0
    }
}

extension CRIIoUsage {
    init?(_ group: GroupUsage) {
        self.init()
        guard let pressure = group.ioPressure else { return nil }
        timestamp = group.measuredAt
        psi = CRIPsiStats(pressure)
    }
}

extension CRIPsiStats {
    init(_ pressure: Pressure) {
        self.init()
        some = CRIPsiData(pressure.some)
        full = CRIPsiData(pressure.full)
    }
}

extension CRIPsiData {
    init(_ part: Pressure.Part) {
        self.init()
        total = part.total
        avg10 = part.average10
        avg60 = part.average60
        avg300 = part.average300
    }
}

extension CRINetworkInterfaceUsage {
    init(_ interface: InterfaceUsage) {
        self.init()
        name = interface.name
        rxBytes.value = interface.receivedBytes
        rxErrors.value = interface.receiveErrors
        txBytes.value = interface.sentBytes
        txErrors.value = interface.sendErrors
    }
}
