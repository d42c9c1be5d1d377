using Microsoft.Extensions.Configuration.Json;
using Microsoft.Extensions.Primitives;

namespace OrleansCache;

/// <summary>A JSON file that is read again when it changes. While it is broken or gone, what it said before stays; .NET's own would forget it.</summary>
internal sealed class LiveJsonSource(JsonConfigurationSource file, TimeProvider clock) : IConfigurationSource
{
    /// <summary>Told why a changed file was not taken.</summary>
    public Action<string>? Refused { get; set; }

    /// <summary>Takes the place of every file that is read again.</summary>
    public static void Replace(IList<IConfigurationSource> sources, TimeProvider clock)
    {
        for (var i = 0; i < sources.Count; i++)
        {
            if (sources[i] is JsonConfigurationSource { ReloadOnChange: true } file)
                sources[i] = new LiveJsonSource(file, clock);
        }
    }

    public IConfigurationProvider Build(IConfigurationBuilder builder)
    {
        var once = new JsonConfigurationSource { FileProvider = file.FileProvider, Path = file.Path!, Optional = file.Optional };
        once.EnsureDefaults(builder);
        return new Provider(once, this, clock);
    }

    private sealed class Provider : JsonConfigurationProvider
    {
        /// <summary>An editor empties a file before it fills it.</summary>
        private static readonly TimeSpan Settles = TimeSpan.FromMilliseconds(250);

        private readonly LiveJsonSource _owner;
        private readonly TimeProvider _clock;
        private readonly IDisposable _watch;
        private readonly Lock _reading = new();

        public Provider(JsonConfigurationSource source, LiveJsonSource owner, TimeProvider clock)
            : base(source)
        {
            (_owner, _clock) = (owner, clock);
            _watch = ChangeToken.OnChange(() => source.FileProvider!.Watch(source.Path!), () => _ = ChangedAsync());
        }

        protected override void Dispose(bool disposing)
        {
            _watch.Dispose();
            base.Dispose(disposing);
        }

        private async Task ChangedAsync()
        {
            await Task.Delay(Settles, _clock).ConfigureAwait(false);
            lock (_reading)
            {
                if (Read() is { } fault)
                    _owner.Refused?.Invoke(fault);
                else
                    OnReload();
            }
        }

        /// <summary>Why it could not be read; null when it was.</summary>
        private string? Read()
        {
            var file = Source.FileProvider!.GetFileInfo(Source.Path!);
            if (!file.Exists)
                return $"{file.PhysicalPath ?? Source.Path} is gone; put it back, or start again without it.";
            try
            {
                using var stream = file.CreateReadStream();
                Load(stream);
                return null;
            }
            catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
            {
                return $"{file.PhysicalPath} cannot be read: {e.InnerException?.Message ?? e.Message}";
            }
        }
    }
}
