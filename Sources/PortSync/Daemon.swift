// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import CNIProtocol
import LinuxSystem
import Netlink
import NetworkTypes
import OwedDeletions
import PreparedInterface
import Resident
import VRouter

/// The resident program: one thread, which waits in poll(2) and does what is due in short slices.
final class Daemon {
    var configuration: SyncConfiguration
    var log: Journal
    var table: PortTable
    var agent: AgentClient
    var watch: AgentWatch
    var schedule: Schedule
    var round: Round?
    /// When files are looked for again that nobody needs, in monotonic microseconds.
    var nextSweep: Int64 = 0
    var metrics = Metrics()
    var links = LinkStates()
    /// Whether the agent closed its connection since it last answered: it has ended.
    var hasAgentEnded = false
    var linkLog: RateLimit
    var failureLog: RateLimit

    let bootID: BootID
    let bootSeconds = clinux_boot_seconds()
    private let monitor: LinkMonitor
    private var server: MetricsServer?
    private let notifier = Notifier()
    private var isReady = false

    /// The longest that one request to the agent takes, in microseconds.
    static let requestLimit: Int64 = 2_000_000
    /// How long other things wait for a slice of work, in microseconds.
    static let slice: Int64 = 10_000
    static let sweepInterval: Int64 = 300_000_000
    /// How long `--once` waits for VMs that others work on, in microseconds.
    static let oncePatience: Int64 = 10_000_000

    /// `isServing`: whether metrics are served.
    init(_ configuration: SyncConfiguration, log: Journal, isServing: Bool) throws(StartError) {
        let now = monotonicMicroseconds()
        self.configuration = configuration
        self.log = log
        table = PortTable(store: configuration.store, configFolder: configuration.configFolder)
        agent = Self.client(configuration)
        watch = AgentWatch(configuration.agent)
        schedule = Schedule(interval: configuration.interval)
        linkLog = RateLimit(burst: 20, period: 1_000_000, now: now)
        failureLog = RateLimit(burst: 20, period: 1_000_000, now: now)
        do throws(SystemError) {
            bootID = BootID(try Host.bootID())
        } catch {
            throw StartError(message: error.message)
        }
        do throws(NetlinkError) { monitor = try LinkMonitor() } catch {
            throw StartError(message: error.message)
        }
        if isServing, let address = configuration.metrics { server = try Self.server(address) }
        try readLinks()
    }

    static func client(_ configuration: SyncConfiguration) -> AgentClient {
        AgentClient(configuration.agent, requestLimit: requestLimit, deadline: .max)
    }

    /// The deletions at the agent, by the rule of the plugin.
    var ports: Ports {
        Ports(
            agent: agent,
            files: AgentFiles(folder: configuration.configFolder),
            owed: configuration.owed,
            runFolder: configuration.runFolder
        )
    }

    // MARK: One round

    /// Does one round.
    ///
    /// - Returns: Whether all was done.
    func runOneRound() -> Bool {
        let start = monotonicMicroseconds()
        meetAgent(now: start)
        begin(now: start)
        while round != nil {
            let now = monotonicMicroseconds()
            guard !work(now: now), let current = round else { continue }
            guard now < start + Self.oncePatience else {
                log.write(.error, "gave up: \(current.locked.count) VMs are being worked on")
                return false
            }
            usleep(UInt32(clamping: max(1000, current.retry - now)))
        }
        guard metrics.isAgentUp else {
            log.write(.error, "the agent at \(configuration.agent.text) does not answer")
            return false
        }
        return lastRoundWasWhole
    }

    /// Whether the last round that ended did all.
    var lastRoundWasWhole = false

    // MARK: Serving

    /// Runs until SIGTERM.
    func serve(lock: FileLock, file: Options.File) {
        var lock = lock
        let signals = clinux_signal_descriptor()
        defer { lock.unlock() }
        guard signals >= 0 else {
            log.write(.error, "cannot wait for signals: \(errorText(-signals))")
            return
        }
        log.write(.info, "serves \(configuration.runFolder.path), agent \(configuration.agent.text)")
        var nextFeed: Int64 = 0
        while true {
            var now = monotonicMicroseconds()
            if let interval = notifier.watchdogInterval, now >= nextFeed {
                notifier.send("WATCHDOG=1")
                nextFeed = now + interval
            }
            if watch.descriptor == nil, now >= watch.nextTry { meetAgent(now: now) }
            let isBusy = work(now: monotonicMicroseconds())
            if !isReady, round == nil || !isBusy { becomeReady() }
            now = monotonicMicroseconds()
            let limit = isBusy ? now : min(nextDue, notifier.watchdogInterval == nil ? .max : nextFeed)
            wait(signals, until: limit, now: now)
            switch clinux_read_signal(signals) {
            case SIGTERM, SIGINT:
                notifier.send("STOPPING=1")
                log.write(.info, "ends")
                return
            case SIGHUP: reload(file, &lock)
            default: break
            }
        }
    }

    /// Files of pods that are no more are gone by now: the agent may be started.
    private func becomeReady() {
        isReady = true
        notifier.send("READY=1")
    }

    /// When something is due, in monotonic microseconds.
    private var nextDue: Int64 {
        var due = round.map { $0.retry } ?? schedule.next
        if watch.descriptor == nil { due = min(due, watch.nextTry) }
        if let deadline = server?.deadline { due = min(due, deadline) }
        return due
    }

    /// Waits for events and takes them in.
    private func wait(_ signals: Int32, until limit: Int64, now: Int64) {
        var targets = [
            pollfd(fd: signals, events: Int16(POLLIN), revents: 0),
            pollfd(fd: monitor.descriptor, events: Int16(POLLIN), revents: 0),
            // A negative descriptor is passed over.
            pollfd(fd: watch.descriptor ?? -1, events: Int16(POLLIN), revents: 0),
        ]
        targets += server?.pollTargets ?? []
        // Rounded up: else the last millisecond would be spent in a loop.
        let milliseconds = Int32(clamping: max(0, limit - now + 999) / 1000)
        guard poll(&targets, nfds_t(targets.count), milliseconds) > 0 else {
            server?.proceed([], now: monotonicMicroseconds(), metrics: metricsText)
            return
        }
        if targets[1].revents != 0 { readEvents() }
        if targets[2].revents != 0, watch.hasEnded() {
            hasAgentEnded = true
            loseAgent("it closed its connection")
        }
        server?.proceed(targets[3...], now: monotonicMicroseconds(), metrics: metricsText)
    }

    /// Takes a new configuration over; the old one stays where the new one can't be had.
    private func reload(_ file: Options.File, _ lock: inout FileLock) {
        notifier.send("RELOADING=1\nMONOTONIC_USEC=\(monotonicMicroseconds())")
        defer { notifier.send("READY=1") }
        do throws(ConfigurationError) {
            let new = try SyncConfiguration.load(file)
            do throws(StartError) {
                let newLock = new.runFolder == configuration.runFolder ? nil : try instanceLock(new)
                if new.metrics != configuration.metrics { server = try new.metrics.map(Self.server) }
                if let newLock {
                    lock.unlock()
                    lock = newLock
                }
            } catch {
                return log.write(.error, "the configuration stays as it was: \(error.message)")
            }
            apply(new)
            log.write(.info, "read \(file.path) again")
        } catch {
            log.write(.error, "the configuration stays as it was: \(error.message)")
        }
    }

    private static func server(_ address: AgentAddress) throws(StartError) -> MetricsServer {
        do throws(SystemError) {
            return try MetricsServer(address.ip, address.port)
        } catch {
            throw StartError(
                message:
                    "cannot serve metrics at \(address.text): \(errorText(error.errno)); choose another \"metrics\""
            )
        }
    }

    private func apply(_ new: SyncConfiguration) {
        let old = configuration
        configuration = new
        log = Journal(of: "port-sync", level: new.logLevel)
        if new.agent != old.agent {
            agent = Self.client(new)
            watch = AgentWatch(new.agent)
            hasAgentEnded = false
            metrics.isAgentUp = false
        }
        table = PortTable(store: new.store, configFolder: new.configFolder)
        schedule = Schedule(interval: new.interval)
        round = nil
        nextSweep = 0
    }

    // MARK: The agent

    /// Connects, and asks something that every agent answers.
    func meetAgent(now: Int64) {
        guard watch.connect(now: now) else { return }
        do throws(AgentError) {
            // A name that no pod can have: the agent's 404 proves that it serves.
            _ = try agent.assignments(of: "_")
        } catch {
            if error.isAgentDown { return watch.drop(now: monotonicMicroseconds()) }
        }
        metrics.isAgentUp = true
        if hasAgentEnded { metrics.agentRestarts += 1 }
        log.write(.info, hasAgentEnded ? "the agent has restarted" : "the agent answers")
        hasAgentEnded = false
        round = nil
        nextSweep = 0
        schedule.hurry()
    }

    /// The agent does not answer, or is gone: it is looked for again, ever later.
    func loseAgent(_ reason: String) {
        watch.drop(now: monotonicMicroseconds())
        guard metrics.isAgentUp else { return }
        metrics.isAgentUp = false
        log.write(.warning, "the agent is down: \(reason)")
    }

    // MARK: Devices

    /// Reads the state of all devices.
    private func readLinks() throws(StartError) {
        var fresh = LinkStates()
        do throws(NetlinkError) {
            for event in try LinkMonitor.all() { _ = fresh.apply(event) }
        } catch {
            throw StartError(message: error.message)
        }
        let old = links
        links = fresh
        for port in table.ports.values where old.state(port.systemName) != fresh.state(port.systemName) {
            tellLink(port)
        }
    }

    private func readEvents() {
        do throws(NetlinkError) {
            for event in try monitor.receive() {
                for name in links.apply(event) {
                    for port in table.ports.values where port.systemName == name { tellLink(port) }
                }
            }
        } catch {
            log.write(.debug, "\(error.message); all devices are read again")
            do throws(StartError) { try readLinks() } catch { log.write(.warning, error.message) }
        }
    }

    /// One line about a port's device, unless there are too many.
    private func tellLink(_ port: KnownPort) {
        let (mayPass, skipped) = linkLog.pass(now: monotonicMicroseconds())
        guard mayPass else { return }
        let more = skipped == 0 ? "" : " (and \(skipped) changes before it)"
        log.write(
            .info,
            "\(port.logged): \(port.systemName) is \(LinkStates.word(links.state(port.systemName)))\(more)"
        )
    }

    // MARK: Metrics

    private func metricsText() -> [UInt8] {
        var shown: Set<String> = []
        var list: [Metrics.Port] = []
        // A pod whose old sandbox still waits for its DEL has two of a name.
        for port in table.ports.values.sorted(by: { $0.isHolder && !$1.isHolder })
        where shown.insert("\(port.vmName)/\(port.key.interface.text)").inserted {
            let state = links.state(port.systemName)
            list.append(
                Metrics.Port(
                    vm: port.vmName,
                    interface: port.key.interface.text,
                    isUp: state?.isRunning ?? false,
                    isAdminUp: state?.isUp ?? false
                )
            )
        }
        return metrics.text(known: table.ports.count, ports: list)
    }
}
