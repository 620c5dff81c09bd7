// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The simulator: API and control socket on one thread, and the data plane on another.
///
/// Not Sendable: make it, run it and let it go on one thread. Its data plane works in that thread's network namespace.
public final class Simulator {
    enum Event {
        case cleanStale(UInt64)
        case arrive(VirtualMachine, VirtualInterface)
        case send(UInt64, Bytes, thenClose: Bool)
    }

    let configuration: Configuration
    private let runDirectory: RunDirectory
    let agent: Agent
    let mailbox: Queue<Simulator.Message>
    var provisioner: Provisioner?
    /// Machines that nobody named, made for a request.
    var madeUp: Set<AgentUUID> = []
    var faults: [Fault]
    var statistics = Statistics()
    var timers = Timers<Event>()
    /// Names whose configuration is on its way.
    var pending: Set<Bytes> = []
    var dataPlane: DataPlane?
    var channels: [UInt64: Channel] = [:]
    private var lastChannel: UInt64 = 0
    var listener: Int32 = -1
    private let controlListener: Int32
    private let controlPath: String
    private var isRunning = true
    var buffer = Bytes(repeating: 0, count: 16384)

    /// The TCP port of the API.
    public let port: Int

    /// Loads the state files and listens; nothing is served before ``run()``.
    ///
    /// - Throws: ``SystemError`` if a socket cannot be made.
    public init(configuration: Configuration) throws(SystemError) {
        runDirectory = try RunDirectory(configuration.runDirectory)
        var configuration = configuration
        configuration.runDirectory = runDirectory.path
        self.configuration = configuration
        let state = StateFolder(path: configuration.stateDirectory)
        agent = Agent(
            database: NetworkDatabase(),
            switches: configuration.switches,
            state: state,
            isDPDK: configuration.isDPDK
        )
        faults = configuration.faults
        mailbox = try Queue()
        controlPath = configuration.controlSocket ?? configuration.runDirectory + "/control.sock"
        listener = try Socket.listen(address: configuration.address, port: configuration.port)
        port = Socket.port(of: listener)
        controlListener = try Socket.listen(path: controlPath)
        state.create()
    }

    deinit {
        if listener >= 0 { close(listener) }
        close(controlListener)
        unlink(controlPath)
    }

    /// Writes a line to standard output at once.
    public static func announce(_ line: String) {
        let bytes = Bytes(line + "\n")
        _ = bytes.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
    }

    /// Stops this simulator from another thread.
    public var handle: SimulatorHandle { SimulatorHandle(mailbox: mailbox) }

    /// Serves until ``SimulatorHandle/stop()``.
    ///
    /// - Parameter ready: called once, when connections are served.
    /// - Throws: ``SystemError`` or ``DataPlaneError`` if the data plane cannot be made.
    public func run(ready: () -> Void = {}) throws {
        if configuration.dataPlane {
            dataPlane = try DataPlane.start(configuration)
        }
        defer { dataPlane?.stop() }
        connectAgent()
        loadConfiguration()
        agent.reload()
        try followSwitches()
        ready()
        while isRunning { turn() }
    }

    /// Listens, or not, as the switches say.
    func followSwitches() throws(SystemError) {
        if agent.switches.refuse, listener >= 0 {
            close(listener)
            listener = -1
            channels = channels.filter { $0.value.kind == .control }
        } else if !agent.switches.refuse, listener < 0 {
            listener = try Socket.listen(address: configuration.address, port: port)
        }
    }

    private func connectAgent() {
        agent.emit = { [unowned self] in dataPlane?.post($0) }
        agent.startStaleTimer = { [unowned self] version in
            timers.add(milliseconds: configuration.staleTimeout, .cleanStale(version))
        }
        agent.provision = { [unowned self] in provision($0) }
    }

    // MARK: Loop

    private func turn() {
        while let event = timers.takeDue() { handle(event) }
        var numbers: [UInt64] = []
        var polled = [
            pollfd(fd: mailbox.readEnd, events: Int16(POLLIN), revents: 0),
            pollfd(fd: listener, events: Int16(POLLIN), revents: 0),
            pollfd(fd: controlListener, events: Int16(POLLIN), revents: 0),
        ]
        for (number, channel) in channels {
            numbers.append(number)
            let events = POLLIN | (channel.wantsToWrite ? POLLOUT : 0)
            polled.append(pollfd(fd: channel.fd, events: Int16(events), revents: 0))
        }
        guard poll(&polled, nfds_t(polled.count), timers.timeout) > 0 else { return }
        if polled[0].revents != 0 { readMailbox() }
        if polled[1].revents != 0 { accept(from: listener, .api) }
        if polled[2].revents != 0 { accept(from: controlListener, .control) }
        for (number, poll) in zip(numbers, polled.dropFirst(3)) where poll.revents != 0 {
            serve(number, poll.revents)
        }
    }

    private func accept(from fd: Int32, _ kind: Channel.Kind) {
        while let connection = Socket.accept(fd) {
            lastChannel += 1
            channels[lastChannel] = Channel(fd: connection, kind: kind)
        }
    }

    private func serve(_ number: UInt64, _ events: Int16) {
        guard let channel = channels[number] else { return }
        if Int32(events) & POLLOUT != 0 { channel.flush() }
        if !channel.isClosed, let bytes = channel.read(into: &buffer) {
            if bytes.isEmpty {
                channel.close()
            } else if channel.kind == .api {
                receive(bytes, number, channel)
            } else {
                receiveControl(bytes, number, channel)
            }
        }
        if channel.isClosed { channels[number] = nil }
    }

    private func readMailbox() {
        for message in mailbox.take() {
            switch message {
            case .stop: isRunning = false
            case .controlReply(let number, let line): send(line, to: number, thenClose: false)
            }
        }
    }

    private func handle(_ event: Event) {
        switch event {
        case .cleanStale(let version): agent.cleanStale(below: version)
        case .arrive(let machine, let interface): arrive(machine, interface)
        case .send(let number, let bytes, let thenClose): send(bytes, to: number, thenClose: thenClose)
        }
    }

    private func send(_ bytes: Bytes, to number: UInt64, thenClose: Bool) {
        guard let channel = channels[number] else { return }
        channel.send(bytes, thenClose: thenClose)
        if channel.isClosed { channels[number] = nil }
    }
}
