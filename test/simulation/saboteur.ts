import type { Chance } from './chance.ts';
import { Host } from './host.ts';
import type { Blow } from './swarm.ts';
import type { CallOff } from './timeline.ts';
import type { World } from './world.ts';

/** Deals the blows of one seed, one now and then, and repairs most of what it did. */
export class Saboteur {
  readonly #world: World;
  readonly #chance: Chance;
  readonly #pictures = new Map<Host, ReadonlyMap<string, Buffer>[]>();
  readonly #repairs = new Set<() => void>();
  #next: CallOff = () => undefined;

  constructor(world: World, chance: Chance) {
    this.#world = world;
    this.#chance = chance;
  }

  begin(): void {
    const { blows, blowEvery } = this.#world.swarm;
    if (blows.length === 0) return;
    this.#next = this.#world.timeline.after(this.#chance.wait(blowEvery), () => {
      for (const host of this.#world.hosts) this.#photograph(host);
      this.#deal(this.#chance.pick(blows));
      this.begin();
    });
  }

  /** Leaves it at that, and repairs what can be repaired. */
  end(): void {
    this.#next();
    for (const repair of [...this.#repairs]) repair();
  }

  #deal(blow: Blow): void {
    const { timeline, hosts, servers, workers, network, database, weather, ring } = this.#world;
    const host = this.#chance.pick(hosts);
    const lines = [...network.connections];
    this.#world.note('saboteur', blow);
    switch (blow) {
      case 'server dies':
        return this.#chance.pick(servers).program.die(blow);
      case 'worker dies':
        return this.#chance.pick(workers).program.die(blow);
      case 'agent dies':
        host.kill(blow);
        return this.#later(2_000, () => host.start());
      case 'agent drains':
        host.drain();
        return this.#later(15_000, () => host.start());
      case 'power goes':
        host.powerOff();
        return this.#later(3_000, () => host.start());
      case 'line breaks':
        if (lines.length > 0) this.#chance.pick(lines).cut(blow);
        return;
      case 'line is half open':
        if (lines.length > 0) this.#chance.pick(lines).halfOpen();
        return;
      case 'agent is apart':
        return this.#setApart([host]);
      case 'all are apart':
        return this.#setApart(hosts);
      case 'clock jumps':
        host.clock.jump(
          this.#chance.pick([-1, 1]) * this.#chance.wait(this.#chance.pick([5_000, 40_000, 3_600_000])),
        );
        return this.#later(20_000, () => host.clock.correct());
      case 'disk fills up':
        host.disk.free = this.#chance.int(0, 3_000);
        return this.#later(8_000, () => {
          host.disk.free = Number.POSITIVE_INFINITY;
          this.#startAnew(host);
        });
      case 'disk fails':
        host.disk.syncFails = 0.5;
        return this.#later(3_000, () => {
          host.disk.syncFails = 0;
          this.#startAnew(host);
        });
      case 'disk rots':
        host.rot();
        return;
      case 'host is set back':
        return this.#setBack(host);
      case 'database is away':
        weather.isAway = true;
        return this.#later(3_000, () => {
          weather.isAway = false;
        });
      case 'database forgets':
        // The standby is there at once, and everybody has to connect again.
        database.loseCommits(Math.min(this.#chance.int(1, 8), database.commits() - this.#world.foundation));
        return timeline.now === 0 ? undefined : this.#deal('database is away');
      case 'keys are rotated':
        ring.rotate();
        return;
      case 'agent is enrolled again':
        return this.#world.enrolAgain(host);
    }
  }

  #later(mean: number, repair: () => void): void {
    const once = () => {
      if (!this.#repairs.delete(once)) return;
      repair();
    };
    this.#repairs.add(once);
    this.#world.timeline.after(this.#chance.wait(mean), once);
  }

  /** As an agent asks for that will not trust its disk any more. */
  #startAnew(host: Host): void {
    host.kill('somebody starts it anew');
    host.start();
  }

  #setApart(hosts: readonly Host[]): void {
    const { network } = this.#world;
    for (const host of hosts) {
      network.apart.add(host.name);
      for (const line of [...network.connections])
        if (line.agentId === host.name) this.#chance.happens(0.5) ? line.halfOpen() : line.cut('apart');
      this.#later(8_000, () => network.apart.delete(host.name));
    }
  }

  #photograph(host: Host): void {
    const pictures = this.#pictures.get(host) ?? [];
    this.#pictures.set(host, [...pictures, host.disk.picture()].slice(-5));
  }

  /**
   * To a picture that the server can know to be old: it has heard of something later. When it has not, nobody but the
   * host knows that anything is gone, and no protocol helps.
   */
  #setBack(host: Host): void {
    const { database } = this.#world;
    const heard = database.agent(host.identity.agentId)?.seenSeq ?? 0;
    const old = (this.#pictures.get(host) ?? []).filter((picture) => Host.seqIn(picture) < heard);
    if (old.length === 0) return;
    this.#world.note('saboteur', `sets ${host.name} back`);
    host.restore(this.#chance.pick(old));
    this.#later(1_000, () => host.start());
  }
}
