// Jobs: the one that is shown is followed by events, the others are looked at now and then.
// A browser opens six connections to one server; one event stream leaves five for tiles.

import * as api from "./api.js";

const PAUSE = 2000; // ms between two looks at jobs that are not shown
const ENDED = new Set(["done", "failed", "cancelled"]);

export const ended = (job) => ENDED.has(job.state);

/** Calls `changed(job)` for each news of any job and `failed(error)` where there is no news. */
export class Jobs {
  constructor({ changed, failed }) {
    this.known = new Map();
    this.changed = changed;
    this.failed = failed;
    this.source = null;
    this.timer = 0;
  }

  /** All jobs, the newest first. */
  list() {
    return [...this.known.values()].sort((one, two) => (one.created < two.created ? 1 : -1));
  }

  take(job) {
    const before = this.known.get(job.id);
    this.known.set(job.id, job);
    if (JSON.stringify(before) !== JSON.stringify(job)) this.changed(job, before);
    this.lookLater();
  }

  /** The list of the server in the place of what was known. */
  async refresh() {
    const jobs = await api.jobs();
    const ids = new Set(jobs.map((job) => job.id));
    for (const id of this.known.keys()) if (!ids.has(id)) this.known.delete(id);
    for (const job of jobs) this.take(job);
  }

  follow(id) {
    this.unfollow();
    if (ended(this.known.get(id))) return;
    const source = new EventSource(api.events(id));
    this.source = source;
    const hear = (event) => {
      const job = JSON.parse(event.data);
      if (ended(job)) this.unfollow();
      this.take(job);
    };
    for (const name of ["progress", "done", "failed", "cancelled"]) source.addEventListener(name, hear);
    source.onerror = () => {
      if (this.source !== source) return;
      this.unfollow();
      this.look(id);
    };
  }

  /** The stream broke: the job has ended, the server is gone, or a proxy cut the line. */
  async look(id) {
    try {
      const job = await api.job(id);
      this.take(job);
      if (!ended(job)) setTimeout(() => { if (!this.source) this.follow(id); }, PAUSE);
    } catch (error) {
      this.failed(error);
    }
  }

  unfollow() {
    this.source?.close();
    this.source = null;
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

  async forget(id) {
    await api.deleteJob(id);
    this.known.delete(id);
  }
}
