// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// What a container uses.
public struct ContainerUsage: Hashable, Sendable {
    /// Whose it is.
    public var container: Container
    /// Processor, memory and pressure; nil where it does not run.
    public var group: GroupUsage?
    /// What its own disks take of the file system that they are on, without the image below them; nil where that
    /// can't be measured now.
    public var writableLayer: FilesystemUsage?

    /// A container's usage.
    public init(container: Container, group: GroupUsage? = nil, writableLayer: FilesystemUsage? = nil) {
        self.container = container
        self.group = group
        self.writableLayer = writableLayer
    }
}

/// What a sandbox uses.
public struct PodSandboxUsage: Hashable, Sendable {
    /// Whose it is.
    public var sandbox: PodSandbox
    /// Processor, memory and pressure of all of the pod; nil where nothing of it runs.
    public var group: GroupUsage?
    /// What went through its interfaces, in their order.
    public var interfaces: [InterfaceUsage]
    /// When the interfaces were read, in nanoseconds since 1970.
    public var interfacesMeasuredAt: Int64
    /// What its containers use.
    public var containers: [ContainerUsage]

    /// A sandbox's usage.
    public init(
        sandbox: PodSandbox,
        group: GroupUsage? = nil,
        interfaces: [InterfaceUsage] = [],
        interfacesMeasuredAt: Int64 = 0,
        containers: [ContainerUsage] = []
    ) {
        self.sandbox = sandbox
        self.group = group
        self.interfaces = interfaces
        self.interfacesMeasuredAt = interfacesMeasuredAt
        self.containers = containers
    }
}

/// What the processes of a cgroup use.
public struct GroupUsage: Hashable, Sendable {
    /// When it was measured, in nanoseconds since 1970.
    public var measuredAt: Int64
    /// Processor time since it was made, in nanoseconds.
    public var cpuNanoseconds: UInt64?
    /// Processor time a second, in nanoseconds, over the last while.
    public var cpuNanosecondsPerSecond: UInt64?
    /// Memory; nil where it can't be told.
    public var memory: MemoryUsage?
    /// Processes and threads.
    public var processes: UInt64?
    /// How long tasks waited for a processor.
    public var cpuPressure: Pressure?
    /// How long tasks waited for input and output.
    public var ioPressure: Pressure?

    /// A usage of which nothing is known yet.
    public init(measuredAt: Int64) { self.measuredAt = measuredAt }
}

/// Memory in bytes.
public struct MemoryUsage: Hashable, Sendable {
    /// All of it, cached files among it.
    public var used: UInt64
    /// Without cached files that were not used for some time: what eviction goes by.
    public var workingSet: UInt64
    /// What is left of the limit; 0 without one.
    public var available: UInt64
    /// Memory that is not a file's.
    public var resident: UInt64
    /// Page faults so far.
    public var pageFaults: UInt64
    /// Page faults that waited for a disk.
    public var majorPageFaults: UInt64
    /// Swap that is used; nil where there is no such count.
    public var swapUsed: UInt64?
    /// Swap that is left of the limit; 0 without one.
    public var swapAvailable: UInt64?
    /// How long tasks waited for memory.
    public var pressure: Pressure?

    /// Memory that is used.
    public init(used: UInt64, workingSet: UInt64, available: UInt64, resident: UInt64) {
        self.used = used
        self.workingSet = workingSet
        self.available = available
        self.resident = resident
        pageFaults = 0
        majorPageFaults = 0
    }
}

/// How long tasks waited for something, as the kernel tells it (Documentation/accounting/psi.rst).
public struct Pressure: Hashable, Sendable {
    /// While some waited.
    public var some: Part
    /// While all did.
    public var full: Part

    /// Parts of the time, and all of it.
    public struct Part: Hashable, Sendable {
        /// Percent of the last 10 seconds.
        public var average10: Double
        /// Percent of the last minute.
        public var average60: Double
        /// Percent of the last five minutes.
        public var average300: Double
        /// Microseconds in all.
        public var total: UInt64

        /// A part.
        public init(average10: Double = 0, average60: Double = 0, average300: Double = 0, total: UInt64 = 0) {
            self.average10 = average10
            self.average60 = average60
            self.average300 = average300
            self.total = total
        }
    }

    /// Pressure.
    public init(some: Part = Part(), full: Part = Part()) {
        self.some = some
        self.full = full
    }
}

/// What went through an interface, from the pod's side.
public struct InterfaceUsage: Hashable, Sendable {
    /// Its name in the pod.
    public var name: String
    /// Bytes that the pod got.
    public var receivedBytes: UInt64
    /// Errors on that way.
    public var receiveErrors: UInt64
    /// Bytes that the pod sent.
    public var sentBytes: UInt64
    /// Errors on that way.
    public var sendErrors: UInt64

    /// An interface's traffic.
    public init(
        name: String,
        receivedBytes: UInt64,
        receiveErrors: UInt64,
        sentBytes: UInt64,
        sendErrors: UInt64
    ) {
        self.name = name
        self.receivedBytes = receivedBytes
        self.receiveErrors = receiveErrors
        self.sentBytes = sentBytes
        self.sendErrors = sendErrors
    }
}
