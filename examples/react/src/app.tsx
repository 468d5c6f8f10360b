import { type ReactElement, type SubmitEvent, useState, useSyncExternalStore } from 'react';
import { currentConnection, onConnectionChange } from './socket.ts';
import { useTasks } from './use-tasks.ts';
import { VideoCard } from './video-card.tsx';

/** A list of videos, live: one subscription for all of them. */
export function App({ initialIds }: { readonly initialIds: readonly string[] }): ReactElement {
  const [ids, setIds] = useState(initialIds);
  const { states, failure, restart } = useTasks(ids);
  return (
    <main>
      <header>
        <h1>Videos</h1>
        <AddVideo onAdd={(id) => setIds([...new Set([...ids, id])])} />
        <ConnectionState />
      </header>
      {failure !== null && (
        <p role="alert" className="failure">
          {failure}{' '}
          <button type="button" onClick={restart}>
            Try again
          </button>
        </p>
      )}
      <ul className="videos" aria-label="Videos">
        {ids.map((id) => (
          <li key={id}>
            <VideoCard id={id} state={states.get(id)} />
          </li>
        ))}
      </ul>
    </main>
  );
}

const CONNECTION_TEXTS = {
  idle: '',
  online: 'Live',
  offline: 'Offline: reconnecting, showing the last known states',
  refused: 'Refused by the gateway: not reconnecting, showing the last known states',
};

/** Assistive technology reads each change aloud. */
function ConnectionState(): ReactElement {
  const connection = useSyncExternalStore(onConnectionChange, currentConnection);
  return (
    <p role="status" className="connection" data-connection={connection}>
      {CONNECTION_TEXTS[connection]}
    </p>
  );
}

function AddVideo({ onAdd }: { readonly onAdd: (id: string) => void }): ReactElement {
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    onAdd(String(new FormData(event.currentTarget).get('id')));
    event.currentTarget.reset();
  };
  return (
    <form onSubmit={submit}>
      <label htmlFor="id">Task id</label>
      <input
        id="id"
        name="id"
        required
        pattern="[A-Za-z0-9][A-Za-z0-9_\-]{0,127}"
        title="Letters, digits, _ and -"
        autoComplete="off"
        spellCheck={false}
      />
      <button type="submit">Watch</button>
    </form>
  );
}
