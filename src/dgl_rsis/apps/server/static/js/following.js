// Jobs: the one that is shown is followed by events, the others are looked at now and then.
// A browser opens six connections to one server; one event stream leaves five for tiles.

import * as api from "./api.js";

const PAUSE = 2000; // ms between two looks at jobs that are not shown
const ENDED = new Set(["done", "failed", "cancelled"]);

export const ended = (job) => ENDED.has(job.state);

/** What is known of the jobs of the server, without their results. */
export class Jobs {
  /**
   * @param {Object} listeners
   * @param {(job: Object) => void} listeners.changed called with each news of any job, as it came
   * @param {(job: Object) => void} listeners.lost called with a job that the server no longer has
   * @param {(error: Error) => void} listeners.failed called where there is no news
   */
  constructor({ changed, lost, failed }) {
    this.known = new Map();
    this.heard = new Map(); // by id: when, counted by `clock`, there was news of it last
    this.clock = 0;
    this.forgotten = new Set(); // what is still said of these is old
    this.changed = changed;
    this.lost = lost;
    this.failed = failed;
    this.followed = null;
    this.source = null;
    this.timer = 0;
  }

  /** All jobs, the newest first. */
  list() {
    return [...this.known.values()].sort((one, two) => two.created.localeCompare(one.created));
  }

  /** News of a job; what would bring an ended one to life again was overtaken on its way. */
  take(job) {
    const before = this.known.get(job.id);
    if (this.forgotten.has(job.id) || (before && ended(before) && !ended(job))) return;
    const { result, commands, ...light } = job;
    this.known.set(job.id, light);
    this.heard.set(job.id, ++this.clock);
    if (JSON.stringify(before) !== JSON.stringify(light)) this.changed(job);
    this.lookLater();
  }

  /** The list of the server in the place of what was known, but for jobs with later news. */
  async refresh() {
    const began = ++this.clock;
    const listed = await api.jobs();
    const isOld = (id) => (this.heard.get(id) ?? 0) > began;
    const ids = new Set(listed.map((job) => job.id));
    for (const id of [...this.known.keys()]) if (!ids.has(id) && !isOld(id)) this.drop(id);
    for (const job of listed) if (!isOld(job.id)) this.take(job);
  }

  follow(id) {
    this.unfollow();
    const known = this.known.get(id);
    if (!known || ended(known)) return;
    const source = new EventSource(api.events(id));
    this.followed = id;
    this.source = source;
    const hear = (event) => {
      const job = JSON.parse(event.data);
      if (ended(job)) this.unfollow();
      this.take(job);
    };
    for (const name of ["progress", "done", "failed", "cancelled"]) source.addEventListener(name, hear);
    source.onerror = () => {
      if (this.source !== source) return;
      this.source.close();
      this.source = null;
      this.look(id);
    };
  }

  /** The stream broke: the job has ended or is gone, the server is, or a proxy cut the line. */
  async look(id) {
    try {
      const job = await this.of(id, api.job(id));
      if (!job) return;
      this.take(job);
      if (!ended(job)) setTimeout(() => { if (this.followed === id && !this.source) this.follow(id); }, PAUSE);
    } catch (error) {
      this.failed(error);
    }
  }

  unfollow() {
    this.source?.close();
    this.source = this.followed = null;
  }

  lookLater() {
    if (this.timer || ![...this.known.values()].some((job) => !ended(job))) return;
    this.timer = setTimeout(async () => {
      this.timer = 0;
      try {
        await this.refresh();
        this.lookLater();
      } catch (error) {
        this.failed(error);
      }
    }, PAUSE);
  }

  /** What the server answers about a job; null where it no longer has the job, which is dropped then. */
  async of(id, answer) {
    try {
      return await answer;
    } catch (error) {
      if (error.code !== api.GONE) throw error;
      this.drop(id);
      return null;
    }
  }

  /** Forgets a job, here and on the server, which may have forgotten it before. */
  async forget(id) {
    try {
      await api.deleteJob(id);
    } catch (error) {
      if (error.code !== api.GONE) throw error;
    }
    this.forgotten.add(id);
    this.remove(id);
  }

  drop(id) {
    const job = this.known.get(id);
    this.remove(id);
    if (job) this.lost(job);
  }

  remove(id) {
    if (this.followed === id) this.unfollow();
    this.known.delete(id);
    this.heard.set(id, ++this.clock); // a list that is under way may still have it
  }
}
