namespace OrleansCache;

[Alias("conformance.listener")]
internal interface IListener : IGrainObserver
{
    Task<string> HearAsync(string word);
    Task FailAsync();
}

[Alias("conformance.topic")]
internal interface ITopicGrain : IGrainWithStringKey
{
    Task<string> TellAsync(IListener listener, string word);
    Task SubscribeAsync(Subscription subscription);
    Task<List<string>> PublishAsync(string word);
    Task FailAsync(IListener listener);
}

[GenerateSerializer]
internal sealed record Subscription([property: Id(0)] string Name, [property: Id(1)] IListener Listener);

internal sealed class TopicGrain : Grain, ITopicGrain
{
    private readonly List<Subscription> _subscriptions = [];

    public Task<string> TellAsync(IListener listener, string word) => listener.HearAsync(word);

    public Task SubscribeAsync(Subscription subscription)
    {
        _subscriptions.Add(subscription);
        return Task.CompletedTask;
    }

    public async Task<List<string>> PublishAsync(string word)
    {
        var answers = new List<string>();
        foreach (var subscription in _subscriptions)
            answers.Add($"{subscription.Name}: {await subscription.Listener.HearAsync(word)}");
        return answers;
    }

    public Task FailAsync(IListener listener) => listener.FailAsync();
}

internal sealed class Listener(string name) : IListener
{
    public List<string> Heard { get; } = [];

    public async Task<string> HearAsync(string word)
    {
        await Task.Yield();
        lock (Heard)
            Heard.Add(word);
        return $"{name} heard {word}";
    }

    public Task FailAsync() => throw new OrderRefusedException("I will not listen.");
}
