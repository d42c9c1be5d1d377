namespace OrleansCache.Engine;

/// <summary>What the engine knows of one activation.</summary>
public interface IGrainContext
{
    /// <summary>The grain's name.</summary>
    GrainId GrainId { get; }

    /// <summary>The grain itself, once made.</summary>
    object? GrainInstance { get; }

    /// <summary>Ends the activation once what runs has run.</summary>
    void Deactivate(DeactivationReason deactivationReason, CancellationToken cancellationToken = default);
}

/// <summary>A grain, whatever it derives from.</summary>
public interface IGrainBase
{
    /// <summary>The activation.</summary>
    IGrainContext GrainContext { get; }

    /// <summary>Runs before the first call.</summary>
    Task OnActivateAsync(CancellationToken token) => Task.CompletedTask;

    /// <summary>Runs after the last call.</summary>
    Task OnDeactivateAsync(DeactivationReason reason, CancellationToken token) => Task.CompletedTask;
}

/// <summary>The base of grain classes.</summary>
public abstract class Grain : IGrainBase, IAddressable
{
    /// <summary>Made by the engine, in the activation's first turn.</summary>
    protected Grain() => GrainContext = TaskScheduler.Current as Activation;

    /// <inheritdoc/>
    [AllowNull]
    public IGrainContext GrainContext { get => field!; private set; }

    /// <summary>Makes references to other grains.</summary>
    protected IGrainFactory GrainFactory => this.Activation().Runtime;

    /// <summary>The services of the silo.</summary>
    protected internal IServiceProvider ServiceProvider => this.Activation().Runtime.ServiceProvider;

    /// <summary>Ends this activation once the calls that run now have run. Later calls make a new activation.</summary>
    protected void DeactivateOnIdle() => GrainBaseExtensions.DeactivateOnIdle(this);

    /// <summary>Puts off the collection of this activation.</summary>
    /// <param name="timeSpan">At least this long from now; zero or less takes the delay back.</param>
    protected void DelayDeactivation(TimeSpan timeSpan) => this.Activation().DelayDeactivation(timeSpan);

    /// <inheritdoc/>
    public virtual Task OnActivateAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public virtual Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => Task.CompletedTask;
}
