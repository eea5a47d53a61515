// The job that is shown: its progress, then its answer. The answer before stays until the next one is there.

import { Answer } from "./answer.js";
import * as api from "./api.js";
import { announce, bringUp, byId } from "./dom.js";
import { ended } from "./following.js";
import { duration, titleOf } from "./format.js";

/** What the panel and the map show of one job. */
export class Shown {
  /**
   * @param {MapView} view
   * @param {Jobs} jobs
   * @param {(job: Object) => void} failed called with a shown job that has failed
   */
  constructor(view, jobs, failed) {
    this.view = view;
    this.jobs = jobs;
    this.failed = failed;
    this.id = null;     // of the job
    this.answer = null; // on the map; for a while that of another job
  }

  async show(job) {
    this.id = job.id;
    this.jobs.follow(job.id);
    const updated = this.update(job); // progress is there at once
    if (!ended(job)) bringUp(byId("job"));
    await updated;
  }

  hide() {
    this.id = null;
    this.close();
    this.jobs.unfollow();
    byId("job").hidden = true;
  }

  /** Takes the answer off the map. */
  close() {
    this.answer?.close();
    this.answer = null;
  }

  /** The server no longer has a job; whether anything of it was to be seen. */
  drop(job) {
    const isAnswer = this.answer?.job.id === job.id, isShown = this.id === job.id;
    if (isAnswer) this.close();
    if (isShown) this.hide();
    return isAnswer || (isShown && job.state !== "failed" && job.state !== "cancelled");
  }

  /** News of a job. */
  async update(job) {
    if (job.id !== this.id) return;
    byId("job").hidden = ended(job);
    if (!ended(job)) showProgress(job);
    else if (job.state === "done") await this.open(job);
    else {
      this.close();
      if (job.state === "cancelled") announce("The job is cancelled.");
      else this.failed(job);
    }
  }

  async open(job) {
    const whole = job.result ? job : await this.jobs.of(job.id, api.job(job.id));
    const answer = whole && await this.jobs.of(job.id, Answer.of(this.view, whole));
    if (!answer || job.id !== this.id) return; // it is gone, or another job was chosen meanwhile
    this.close();
    this.answer = answer;
    answer.show();
  }
}

function showProgress(job) {
  const bar = byId("bar");
  if (job.state === "running" && job.total) {
    bar.max = job.total;
    bar.value = job.done;
  } else {
    bar.removeAttribute("value"); // a bar without a value moves to and fro
  }
  byId("job-text").textContent = titleOf(job);
  const left = job.seconds_left === null ? "" : `, about ${duration(job.seconds_left)} left`;
  byId("job-message").textContent = job.state === "waiting" ? "waiting for its turn" : `${job.message || "working"}${left}`;
  announce(job.state === "waiting" ? "The question waits for its turn." : "The question is being worked on.");
}
