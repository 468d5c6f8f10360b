// Loaded before a server that an npm script starts. npm passes SIGTERM and SIGINT on to the script; a SIGHUP or a SIGKILL
// ends npm alone. The server then gets the SIGHUP that npm kept for itself, so that it drains and ends as well.
// The script names npm as `?$PPID`, because npm may have ended before this line runs.
const parent = process.ppid;
const npm = Number(new URL(import.meta.url).search.slice(1)) || parent;
const timer = setInterval(() => {
  if (process.ppid === parent && exists(npm)) return;
  clearInterval(timer);
  process.kill(process.pid, 'SIGHUP');
}, 500).unref();

function exists(id) {
  try {
    return process.kill(id, 0);
  } catch (error) {
    return error.code !== 'ESRCH';
  }
}
