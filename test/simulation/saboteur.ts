import type { Chance } from './chance.ts';
import { Host } from './host.ts';
import type { Blow } from './swarm.ts';
import type { CallOff } from './timeline.ts';
import type { World } from './world.ts';

/** Deals the blows of one seed, one now and then, and repairs most of what it did. */
export class Saboteur {
  readonly #world: World;
  readonly #chance: Chance;
  readonly #pictures = new Map<Host, readonly ReadonlyMap<string, Buffer>[]>();
  readonly #repairs = new Set<() => void>();
  #callOff: CallOff = () => undefined;

  constructor(world: World, chance: Chance) {
    this.#world = world;
    this.#chance = chance;
  }

  begin(): void {
    const { blows, blowEvery } = this.#world.swarm;
    if (blows.length === 0) return;
    this.#callOff = this.#world.timeline.after(this.#chance.wait(blowEvery), () => {
      for (const host of this.#world.hosts) this.#photograph(host);
      const blow = this.#chance.pick(blows);
      this.#world.note('saboteur', blow);
      this.#deals[blow](this.#chance.pick(this.#world.hosts));
      this.begin();
    });
  }

  /** Leaves it at that, and repairs what can be repaired. */
  end(): void {
    this.#callOff();
    for (const repair of [...this.#repairs]) repair();
  }

  /** What each blow does, to this host where it is one against a host. */
  readonly #deals: { readonly [B in Blow]: (host: Host) => void } = {
    'server dies': () => this.#chance.pick(this.#world.servers).program.die('a blow'),
    'worker dies': () => this.#chance.pick(this.#world.workers).program.die('a blow'),
    'agent dies': (host) => {
      host.kill('a blow');
      this.#later(2_000, () => host.start());
    },
    'agent drains': (host) => {
      host.drain();
      this.#later(15_000, () => host.start());
    },
    'power goes': (host) => {
      host.powerOff();
      this.#later(3_000, () => host.start());
    },
    'line breaks': () => this.#someLine()?.cut('a blow'),
    'line is half open': () => this.#someLine()?.halfOpen(),
    'agent is apart': (host) => this.#setApart(host),
    'all are apart': () => {
      for (const host of this.#world.hosts) this.#setApart(host);
    },
    'clock jumps': ({ clock }) => {
      const chance = this.#chance;
      const far = chance.pick([chance.wait(5_000), chance.between(30_000, 90_000), chance.wait(3_600_000)]);
      clock.jump(chance.pick([-far, far]));
      this.#later(20_000, () => clock.correct());
    },
    'disk fills up': (host) => {
      host.disk.free = this.#chance.int(0, 3_000);
      this.#later(8_000, () => {
        host.disk.free = Number.POSITIVE_INFINITY;
        this.#startAnew(host);
      });
    },
    'disk fails': (host) => {
      host.disk.syncFails = 0.5;
      this.#later(3_000, () => {
        host.disk.syncFails = 0;
        this.#startAnew(host);
      });
    },
    'disk rots': (host) => host.rot(),
    'host is set back': (host) => this.#setBack(host),
    'database is away': () => this.#takeAwayDatabase(),
    'database forgets': () => {
      const { database, foundation } = this.#world;
      database.loseCommits(Math.min(this.#chance.int(1, 8), database.commits() - foundation));
      this.#takeAwayDatabase();
    },
    'keys are rotated': () => this.#world.ring.rotate(),
    'agent is enrolled again': (host) => this.#world.enrolAgain(host),
  };

  #later(mean: number, repair: () => void): void {
    const once = () => {
      if (this.#repairs.delete(once)) repair();
    };
    this.#repairs.add(once);
    this.#world.timeline.after(this.#chance.wait(mean), once);
  }

  #someLine() {
    const lines = [...this.#world.network.connections];
    return lines.length > 0 ? this.#chance.pick(lines) : undefined;
  }

  #setApart(host: Host): void {
    const { network } = this.#world;
    network.apart.add(host.name);
    for (const line of [...network.connections].filter(({ agentId }) => agentId === host.name)) {
      if (this.#chance.happens(0.5)) line.halfOpen();
      else line.cut('apart');
    }
    this.#later(8_000, () => network.apart.delete(host.name));
  }

  /** As an agent asks for that does not trust its disk any more. */
  #startAnew(host: Host): void {
    host.kill('somebody starts it anew');
    host.start();
  }

  #takeAwayDatabase(): void {
    const { weather } = this.#world;
    weather.isAway = true;
    this.#later(3_000, () => {
      weather.isAway = false;
    });
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
    const heard = this.#world.database.agent(host.identity.agentId)?.seenSeq ?? 0;
    const old = (this.#pictures.get(host) ?? []).filter((picture) => Host.seqIn(picture) < heard);
    if (old.length === 0) return;
    host.restore(this.#chance.pick(old));
    this.#later(1_000, () => host.start());
  }
}
