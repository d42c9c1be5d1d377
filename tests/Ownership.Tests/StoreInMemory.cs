using System.Collections.Immutable;

namespace OrleansCache.Ownership.Tests;

/// <summary>What the scripts in Redis do, for one process.</summary>
internal sealed class StoreInMemory
{
    private readonly Lock _lock = new();
    private readonly HashSet<string> _cut = [];
    private ImmutableDictionary<Guid, SiloLease> _leases = ImmutableDictionary<Guid, SiloLease>.Empty;
    private Action<long> _hints = static _ => { };
    private int _run;
    private int _began;

    public ClusterView? View { get; private set; }

    public bool IsAway { get; set; }

    public bool Tells { get; set; } = true;

    public Task BeforeListening { get; set; } = Task.CompletedTask;

    public int Listeners => _hints.GetInvocationList().Length - 1;

    public int Calls { get; private set; }

    public Action OnCall { get; set; } = () => { };

    public IOwnershipStore For(string name) => new Access(this, name);

    public void Cut(string name) => _cut.Add(name);

    public void Mend(string name) => _cut.Remove(name);

    public void Flush() => (View, _leases) = (null, _leases.Clear());

    public void Restart() => _run++;

    private sealed class Access(StoreInMemory store, string name) : IOwnershipStore
    {
        public ValueTask<OwnershipSnapshot> RenewAsync(long? expectedView, Guid incarnation, long sealedView, CancellationToken cancellationToken)
            => Run(() =>
            {
                var renewed = expectedView is not null && store._began == store._run && store.View?.Number == expectedView;
                if (renewed)
                    store._leases = store._leases.SetItem(incarnation, new(store._leases.GetValueOrDefault(incarnation).Counter + 1, sealedView));
                return renewed;
            });

        public ValueTask<OwnershipSnapshot> PublishAsync(ViewChange change, Guid incarnation, CancellationToken cancellationToken)
            => Run(() =>
            {
                if (store.View?.Number != change.Expected || (store._began != store._run && !change.Begins)
                    || change.Outwaited.Any(lease => store._leases.GetValueOrDefault(lease.Key) != lease.Value))
                    return false;
                (store.View, store._began) = (change.Next, store._run);
                store._leases = store._leases.RemoveRange(store._leases.Keys.Where(lease => change.Next.Find(lease) is null));
                if (change.Next.Find(incarnation) is not null)
                    store._leases = store._leases.SetItem(incarnation, new(store._leases.GetValueOrDefault(incarnation).Counter + 1, change.Sealed));
                if (store.Tells)
                    store._hints(change.Next.Number);
                return true;
            });

        public async ValueTask<IAsyncDisposable> ListenAsync(Action<long> hint, CancellationToken cancellationToken)
        {
            await store.BeforeListening;
            if (store.IsAway)
                throw Away();
            store._hints += hint;
            return new Listening(() => store._hints = (store._hints - hint)!);
        }

        private static IOException Away() => new("The store is away.");

        private ValueTask<OwnershipSnapshot> Run(Func<bool> step)
        {
            store.OnCall();
            if (store.IsAway || store._cut.Contains(name))
                return ValueTask.FromException<OwnershipSnapshot>(Away());
            lock (store._lock)
            {
                store.Calls++;
                var applied = step();
                return new(new OwnershipSnapshot(store.View, store._leases, 0, applied, store._began == store._run));
            }
        }
    }

    private sealed class Listening(Action end) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            end();
            return ValueTask.CompletedTask;
        }
    }
}
