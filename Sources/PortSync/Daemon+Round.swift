// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import CNIProtocol
import LinuxSystem
import NetworkTypes
import OwedDeletions
import PreparedInterface
import Resident
import VRouter

extension Daemon {
    /// Does a slice of what is due.
    ///
    /// - Returns: Whether there is more to do at once.
    func work(now: Int64) -> Bool {
        if let current = round, !current.locked.isEmpty, now >= current.start + configuration.interval {
            // Somebody works on a VM for long: all others are due again.
            round = nil
            schedule.hurry()
        }
        guard round != nil else {
            guard now >= schedule.next else { return false }
            begin(now: now)
            return true
        }
        let end = now + Self.slice
        while var current = round {
            // Taken out, so that it is changed in place.
            round = nil
            let goesOn = step(&current, now: monotonicMicroseconds())
            if goesOn == .ended { return false }
            round = current
            if goesOn == .waits { return false }
            if monotonicMicroseconds() >= end { return true }
        }
        return true
    }

    /// Whether a round goes on at once.
    enum Progress {
        case goesOn
        case waits
        case ended
    }

    /// Begins a round: looks at what there is.
    func begin(now: Int64) {
        do throws(SystemError) {
            for problem in try table.scan(bootID: bootID) { tellFailure("\(problem); a DEL removes it") }
        } catch {
            tellFailure(error.message)
        }
        let debts = ports.debts()
        metrics.owed = debts.count
        round = Round(start: now, pending: table.lockNames.reversed(), debts: debts.reversed())
    }

    private func step(_ round: inout Round, now: Int64) -> Progress {
        if let vmName = round.pending.popLast() {
            synchronise(vmName, &round)
            if round.pending.isEmpty, !round.locked.isEmpty { round.retry = now + round.pause.next() }
            return .goesOn
        }
        if !round.debts.isEmpty {
            pay(&round)
            return .goesOn
        }
        if sweep(&round, now: now) { return .goesOn }
        if !round.locked.isEmpty {
            guard now >= round.retry else { return .waits }
            round.pending = round.locked
            round.locked = []
            return .goesOn
        }
        end(round, now: now)
        return .ended
    }

    private func end(_ round: Round, now: Int64) {
        lastRoundWasWhole = round.isWhole
        if round.isWhole { metrics.lastSync = Int(time(nil)) }
        if round.isAgentThere { watch.confirm() }
        metrics.owed = ports.debts().count
        schedule.end(round, now: now)
        log.write(
            .debug,
            "round: \(round.registered) ports registered, \(round.failures) failures, \((now - round.start) / 1000) ms\(round.isAgentThere ? "" : "; the agent is down")"
        )
    }

    // MARK: One VM

    /// Registers all ports of a VM, one right after the other: one that is missing takes the others along when
    /// the agent cleans.
    private func synchronise(_ vmName: String, _ round: inout Round) {
        do throws(SystemError) {
            let lock = try configuration.runFolder.lock(vmName, deadline: 0)
            defer { lock.unlock() }
            try removeDead(vmName)
            for key in table.keys[vmName] ?? [] {
                if let problem = table.refresh(key) { fail(problem, &round) }
            }
            for port in try settled(vmName, &round) { register(port, &round) }
        } catch {
            if error.errno == ETIMEDOUT { round.locked.append(vmName) } else { fail(error.message, &round) }
        }
    }

    /// Removes records and plans of an earlier boot: what they tell of is gone.
    private func removeDead(_ lock: String) throws(SystemError) {
        var keys = (table.keys[lock] ?? []).filter { table.ports[$0]?.bootID != bootID }
        for interface in table.dead where interface.lock == lock { keys.append(interface.key) }
        for key in keys {
            for stage in [InterfaceStore.Stage.record, .plan] where isDead(key, stage) {
                let path = configuration.store.path(of: key, stage)
                try configuration.store.remove(key, stage)
                metrics.filesSwept += 1
                log.write(.info, "removed \(path): of an earlier boot")
            }
            table.refresh(key)
        }
    }

    /// Whether a record or plan is of an earlier boot, now that the lock is held.
    private func isDead(_ key: InterfaceKey, _ stage: InterfaceStore.Stage) -> Bool {
        do throws(InterfaceStore.Failure) {
            guard let interface = try configuration.store.load(key, stage) else { return false }
            return interface.bootID != bootID
        } catch {
            return false
        }
    }

    /// The ports of a VM that are to be registered, their agent-format files in order.
    private func settled(_ vmName: String, _ round: inout Round) throws(SystemError) -> [KnownPort] {
        var rest = table.ports(of: vmName)
        var settled: [KnownPort] = []
        while let first = rest.first {
            let same = rest.filter { $0.vmi == first.vmi }
            rest.removeAll { $0.vmi == first.vmi }
            if let port = try settle(same, &round) { settled.append(port) }
        }
        return settled
    }

    /// Finds which of several records of one port holds it, and sees to its file.
    private func settle(_ same: [KnownPort], _ round: inout Round) throws(SystemError) -> KnownPort? {
        guard let first = same.first else { return nil }
        if first.kind == .port { return try settlePort(same) }
        let files = AgentFiles(folder: first.configFolder)
        let path = files.path(vmName: first.vmName, vmi: first.vmi)
        let identity = FileIdentity(path)
        if same.count == 1, first.file != nil, first.file == identity { return first }
        let content = try files.content(vmName: first.vmName, vmi: first.vmi)
        var found: PortRegistration?
        if case .registration(let registration) = content { found = registration }
        let index = holder(
            of: same.map { ($0.key.containerID.text, $0.record.modified) },
            named: found?.containerID,
            isNamedAlive: found.map { sweepSearch.isRecorded($0) } ?? false
        )
        mark(same, holder: index)
        guard let index, var registration = same[index].registration?.vm else { return nil }
        if registration.namespace.isEmpty, let found, found.containerID == registration.containerID {
            registration.namespace = found.namespace
        }
        var port = same[index]
        port.isHolder = true
        port.registration = .vm(registration)
        port.file = identity
        if found != registration {
            do throws(SystemError) {
                try files.save(registration)
                port.file = FileIdentity(path)
                log.write(.info, "\(port.logged): wrote \(path) anew: it was \(Self.word(content))")
            } catch {
                port.file = nil
                fail(error.message, &round)
            }
        }
        table.update(port)
        return port
    }

    /// The same for a port of POST /port: its file is the agent's own, which the agent does not overwrite.
    private func settlePort(_ same: [KnownPort]) throws(SystemError) -> KnownPort? {
        guard let first = same.first else { return nil }
        let file = try sweepSearch.portFile(first.vmi)
        let named = same.first { $0.systemName == file?.systemName }?.key.containerID.text
        let index = holder(
            of: same.map { ($0.key.containerID.text, $0.record.modified) },
            named: named,
            isNamedAlive: named != nil
        )
        mark(same, holder: index)
        let path = "\(configuration.portFolder)/\(first.vmi.text)"
        if file == nil, FileIdentity(path) != nil {
            try Files.remove(path)
            log.write(.info, "\(first.logged): removed \(path), which was spoiled: the agent writes it anew")
        }
        return index.map { same[$0] }
    }

    /// Notes whose a port is of several records.
    private func mark(_ same: [KnownPort], holder index: Int?) {
        for (place, port) in same.enumerated() where port.isHolder != (place == index) {
            var port = port
            port.isHolder = place == index
            port.file = nil
            table.update(port)
        }
    }

    private static func word(_ content: AgentFiles.Content) -> String {
        switch content {
        case .absent: "missing"
        case .spoiled: "spoiled"
        case .registration: "another port's"
        }
    }

    private func register(_ port: KnownPort, _ round: inout Round) {
        guard let registration = port.registration else { return }
        guard metrics.isAgentUp else {
            round.isAgentThere = false
            return
        }
        do throws(AgentError) {
            switch registration {
            case .vm(let registration): try agent.register(registration)
            case .port(let registration): try agent.register(registration)
            }
            round.registered += 1
            metrics.reregistrations += 1
            log.write(.debug, "\(port.logged): registered")
        } catch {
            metrics.registrationFailures += 1
            if error.isAgentDown {
                round.isAgentThere = false
                loseAgent(error.message)
            } else {
                fail("\(port.logged): \(error.message)", &round)
            }
        }
    }

    // MARK: Debts

    /// Pays a few deletions.
    private func pay(_ round: inout Round) {
        guard metrics.isAgentUp else {
            round.isAgentThere = false
            round.debts = []
            return
        }
        var few: [OwedDeletion] = []
        while few.count < 8, let debt = round.debts.popLast() { few.append(debt) }
        while !few.isEmpty {
            let payment = ports.payOthersDebts(few, most: few.count)
            metrics.owedPaid += payment.paid
            metrics.owed = max(0, metrics.owed - payment.paid)
            guard let failure = payment.failure else { return }
            if failure.isAgentDown {
                round.isAgentThere = false
                round.debts = []
                return loseAgent(failure.message)
            }
            // One that the agent refuses must not keep the others.
            fail(failure.message, &round)
            few.removeFirst(min(few.count, payment.tried))
        }
    }

    // MARK: What went wrong

    func fail(_ message: String, _ round: inout Round) {
        round.failures += 1
        tellFailure(message)
    }

    private func tellFailure(_ message: String) {
        let (mayPass, skipped) = failureLog.pass(now: monotonicMicroseconds())
        guard mayPass else { return }
        log.write(.warning, skipped == 0 ? message : "\(message) (and \(skipped) failures before it)")
    }
}
