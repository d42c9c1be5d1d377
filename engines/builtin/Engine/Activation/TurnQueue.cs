namespace OrleansCache.Engine;

/// <summary>A scheduler that runs one thing at a time: requests and timer ticks as they may start, and the continuations of those under way.
/// It is its own lock, and its queues appear when first needed, so that a million of them are small.</summary>
internal abstract class TurnQueue : TaskScheduler, IThreadPoolWorkItem, ICallee
{
    private const int MaxInlineDepth = 8, Burst = 64;
    private static readonly ExecutionContext Clean = CleanContext();
    private static readonly Action<object?> RunStep = static item => ((Step)item!)();
    private static readonly Action<object?> RunTurn = static item => ((TurnQueue)Current).Run((Turn)item!);

    [ThreadStatic]
    private static int t_depth;

    private object? _next;              // the head of what is ready: a Task, a Turn or a Step
    private Queue<object>? _more;       // the rest of it
    private Queue<Turn>? _held;         // turns that may not start yet

    private bool _blocked;              // one of them lets no other start
    private bool _running;              // a thread is in Loop, or about to be

    /// <summary>Work of the engine's own, which no turn holds up.</summary>
    private delegate void Step();

    internal abstract EngineRuntime Runtime { get; }

    /// <summary>What requests are called on.</summary>
    internal abstract object Instance { get; }

    public override int MaximumConcurrencyLevel => 1;

    private protected virtual bool Reentrant => false;

    /// <summary>True while turns may start.</summary>
    private protected virtual bool Open => true;

    /// <summary>True when turns must go elsewhere.</summary>
    private protected virtual bool Gone => false;

    /// <summary>Turns begun and not ended.</summary>
    private protected int UnderWay { get; private set; }

    private int Load => UnderWay + (_held?.Count ?? 0) + (_more?.Count ?? 0);

    /// <summary>Takes a turn in; runs it at once, on this thread, where that is allowed and nothing else is to run.</summary>
    /// <returns>False when the queue is gone.</returns>
    public bool Submit(Turn turn, bool inline)
    {
        object? item = null;
        int load;
        lock (this)
        {
            if (Gone)
                return false;
            load = Load;
            if (load < Runtime.Limits.MaxCallsPerGrain)
            {
                Entering(turn);
                if (MayStart(turn))
                    Enqueue(turn);
                else
                    (_held ??= new()).Enqueue(turn);
                if (_running || (item = Dequeue()) is null)
                    return true;
                _running = true;
            }
        }
        if (item is null)
            turn.Refuse(new OrleansException($"The grain is overloaded: {load} calls run or wait, MaxCallsPerGrain allows {Runtime.Limits.MaxCallsPerGrain}."));
        else if (inline && t_depth < MaxInlineDepth)
            Loop(item);
        else
            Resume(item);
        return true;
    }

    /// <summary>A turn has ended; called within the queue's own turns.</summary>
    public void Ended(Turn turn)
    {
        lock (this)
        {
            UnderWay--;
            if (!Reentrant && !turn.Interleaves)
                _blocked = false;
            Left(turn);
        }
    }

    /// <summary>Cancels a call's token, as a turn.</summary>
    public void CancelCall(GrainRequest request)
    {
        if (request.Cancellation is { } cancellation)
            Post(cancellation.Cancel);
    }

    void IThreadPoolWorkItem.Execute() => Loop(Next());

    protected override void QueueTask(Task task) => Add(task);

    /// <summary>Allowed to the loop itself, and to continuations that become ready within a turn of this queue.</summary>
    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
        (Current == this || task.AsyncState is Turn or Step) && TryExecuteTask(task);

    protected override IEnumerable<Task> GetScheduledTasks() => [];

    internal void Post(Action action) => Add(new Step(action));

    /// <summary>With the lock held, by who is about to run the queue.</summary>
    private protected void EnqueueStep(Action action) => Enqueue(new Step(action));

    /// <summary>Called with the lock held when a turn comes in.</summary>
    private protected virtual void Entering(Turn turn) { }

    /// <summary>Called with the lock held when a turn has ended.</summary>
    private protected virtual void Left(Turn? turn) { }

    private protected void Enqueue(object item)
    {
        if (_next is null && _more is not { Count: > 0 })
            _next = item;
        else
            (_more ??= new()).Enqueue(item);
    }

    /// <summary>With the lock held: what was held back is looked at again.</summary>
    private protected void ReleaseHeld()
    {
        var held = Interlocked.Exchange(ref _held, null);
        while (held?.TryDequeue(out var turn) is true)
            Enqueue(turn);
    }

    /// <summary>With the lock held, once none may start any more: the turns that have not begun.</summary>
    private protected Turn[] NotBegun() => [.. (_held ?? []).Concat([_next, .. _more ?? []]).OfType<Turn>()];

    private void Add(object item)
    {
        lock (this)
        {
            Enqueue(item);
            if (_running)
                return;
            _running = true;
        }
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: true);
    }

    /// <summary>Goes on with an item on the thread pool.</summary>
    private void Resume(object item) => ThreadPool.UnsafeQueueUserWorkItem(
        static state => state.Queue.Loop(state.Item), (Queue: this, Item: item), preferLocal: true);

    private object? Pop()
    {
        var item = _next;
        _next = null;
        if (item is null)
            _more?.TryDequeue(out item);
        return item;
    }

    private object? Next()
    {
        lock (this)
        {
            var item = Dequeue();
            _running = item is not null;
            return item;
        }
    }

    /// <summary>With the lock held: the next thing to run; a turn is counted as begun. Turns that may not start are held back.</summary>
    private object? Dequeue()
    {
        while (true)
        {
            var item = _held?.TryPeek(out var first) is true && MayStart(first) ? _held.Dequeue()
                : Runtime.Chaos is { } chaos ? chaos.Pick(Pop, Enqueue, (_more?.Count ?? 0) + 1) : Pop();
            if (item is not Turn turn)
                return item;
            if (MayStart(turn))
            {
                UnderWay++;
                _blocked |= !Reentrant && !turn.Interleaves;
                return item;
            }
            (_held ??= new()).Enqueue(turn);
        }
    }

    private bool MayStart(Turn turn) => Open && (!_blocked || Reentrant || turn.Interleaves);

    private void Loop(object? item)
    {
        var context = ExecutionContext.Capture();
        var synchronization = SynchronizationContext.Current;
        if (context != Clean)
            ExecutionContext.Restore(Clean);
        if (synchronization is not null)
            SynchronizationContext.SetSynchronizationContext(null);
        t_depth++;
        try
        {
            for (var left = Burst; item is not null; left--)
            {
                Execute(item);
                item = Next();
                if (left == 0 && item is not null)
                {
                    Resume(item);
                    break;
                }
            }
        }
        finally
        {
            t_depth--;
            if (synchronization is not null)
                SynchronizationContext.SetSynchronizationContext(synchronization);
            if (context is not null && context != Clean)
                ExecutionContext.Restore(context);
        }
    }

    private void Execute(object item)
    {
        if (item is Task task)
            TryExecuteTask(task);
        else
            new Task(item is Step ? RunStep : RunTurn, item).RunSynchronously(this);
    }

    private void Run(Turn turn)
    {
        if (!turn.IsExpired)
        {
            turn.Run(this);
            return;
        }
        Ended(turn);
        turn.Refuse(new TimeoutException("The call waited past its deadline and was not begun."));
    }

    /// <summary>The execution context of a thread that nobody put anything in: what flows into a grain must not depend on who calls.</summary>
    private static ExecutionContext CleanContext()
    {
        ExecutionContext? clean = null;
        var thread = new Thread(() => clean = ExecutionContext.Capture());
        thread.UnsafeStart();
        thread.Join();
        return clean!;
    }

}
