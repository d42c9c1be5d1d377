namespace OrleansCache;

public sealed class ObserverTests(Clusters clusters) : ConformanceTests(clusters)
{
    [Theory, MemberData(nameof(Everywhere))]
    public async Task A_grain_calls_an_observer_and_hears_its_answer(Mode mode, bool outside)
    {
        var (factory, topic) = await TopicAsync(mode, outside);
        var listener = new Listener("a");
        var reference = factory.CreateObjectReference<IListener>(listener);

        Assert.Equal("a heard one", await topic.TellAsync(reference, "one"));
        Assert.Equal("a heard two", await topic.TellAsync(reference, "two"));

        Assert.Equal(["one", "two"], listener.Heard);
        GC.KeepAlive(listener);
    }

    [Theory, MemberData(nameof(Everywhere))]
    public async Task Observers_kept_within_a_record_are_called_later(Mode mode, bool outside)
    {
        var (factory, topic) = await TopicAsync(mode, outside);
        var listeners = new[] { new Listener("a"), new Listener("b") };
        foreach (var (listener, name) in listeners.Zip(["first", "second"]))
            await topic.SubscribeAsync(new(name, factory.CreateObjectReference<IListener>(listener)));

        Assert.Equal(["first: a heard word", "second: b heard word"], await topic.PublishAsync("word"));
        GC.KeepAlive(listeners);
    }

    [Theory, MemberData(nameof(Everywhere))]
    public async Task An_observers_error_reaches_the_grain_and_its_caller(Mode mode, bool outside)
    {
        var (factory, topic) = await TopicAsync(mode, outside);
        var listener = new Listener("a");

        await Assert.ThrowsAsync<OrderRefusedException>(() => topic.FailAsync(factory.CreateObjectReference<IListener>(listener)));
        GC.KeepAlive(listener);
    }

    [Theory, MemberData(nameof(Everywhere))]
    public async Task An_object_itself_is_no_argument(Mode mode, bool outside)
    {
        var (_, topic) = await TopicAsync(mode, outside);

        await Assert.ThrowsAnyAsync<Exception>(() => topic.TellAsync(new Listener("a"), "one"));
    }

    [Fact]
    public async Task A_deleted_observer_hears_no_more()
    {
        var cluster = await Clusters.GetAsync(new TestClusterSettings { ResponseTimeout = TimeSpan.FromSeconds(1) });
        var topic = cluster.Client.GetGrain<ITopicGrain>(NewKey());
        var listener = new Listener("a");
        var reference = cluster.Client.CreateObjectReference<IListener>(listener);
        await topic.TellAsync(reference, "one");

        cluster.Client.DeleteObjectReference<IListener>(reference);

        await Assert.ThrowsAnyAsync<Exception>(() => topic.TellAsync(reference, "two"));
        Assert.Equal(["one"], listener.Heard);
    }

    private async Task<(IGrainFactory Factory, ITopicGrain Topic)> TopicAsync(Mode mode, bool outside)
    {
        var cluster = await Clusters.GetAsync(mode);
        var factory = outside ? cluster.Client : cluster.Hosted;
        return (factory, factory.GetGrain<ITopicGrain>(NewKey()));
    }
}
